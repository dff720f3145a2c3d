/** Values of statements as text for logs and terminals: short, on one line, and without secrets. */

const MASK = "********";
const MAX_CHARACTERS = 200;
const MAX_ELEMENTS = 20;
/** A shorter secret would be found in half of all values, and says little about itself. */
const MIN_SECRET_CHARACTERS = 6;
/** Tokens of submitters, and the user and password of an address. */
const TOKEN = /\beyJ[\w-]+\.[\w-]+\.[\w-]*/g;
const USER_INFO = /(\w:\/\/)[^/\s@]+@/g;

export type Mask = (value: unknown) => string;

/** @param secrets what must not be shown, wherever it occurs */
export function masking(secrets: readonly string[]): Mask {
  const found = secrets.filter((secret) => secret.length >= MIN_SECRET_CHARACTERS);
  const text = (value: string): string => {
    let shown = value;
    for (const secret of found) shown = shown.replaceAll(secret, MASK);
    shown = shown.replace(TOKEN, MASK).replace(USER_INFO, `$1${MASK}@`);
    return JSON.stringify(
      shown.length > MAX_CHARACTERS
        ? `${shown.slice(0, MAX_CHARACTERS)}... (${shown.length} characters)`
        : shown,
    );
  };
  const mask: Mask = (value) => {
    if (typeof value === "string") return text(value);
    if (Array.isArray(value)) {
      const shown = value.slice(0, MAX_ELEMENTS).map(mask);
      if (value.length > MAX_ELEMENTS) shown.push(`... (${value.length} values)`);
      return `[${shown.join(", ")}]`;
    }
    if (Buffer.isBuffer(value)) return `(${value.length} bytes)`;
    if (value instanceof Date) return value.toISOString();
    if (typeof value === "object" && value !== null) return text(JSON.stringify(value));
    return String(value);
  };
  return mask;
}

/** A password as it may be shown: how long it is, and which characters of it shells and JSON treat in their own way. */
export function describedPassword(password: string): string {
  if (password === "") return "(empty)";
  const special = [...new Set(password)].filter((character) => !/[\w.,:;@%+=/-]/.test(character)).sort();
  const escapes = special.map((character) => JSON.stringify(character).slice(1, -1)).join(" ");
  return `${MASK} (${password.length} characters${escapes === "" ? "" : `, special ones: ${escapes}`})`;
}
