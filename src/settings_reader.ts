/**
 * Parsing rules of environment variables (chapter 08, section 2.1), and the record of where each value came from.
 */

/** A variable with an unusable value; the message is one line for the operator. */
export class SettingError extends Error {
  override name = "SettingError";
  /** The variable that is to blame. */
  readonly variable: string;

  constructor(message: string, variable = /^[A-Z0-9_]+/.exec(message)?.[0] ?? "") {
    super(message);
    this.variable = variable;
  }
}

export interface SettingDefinition<T> {
  name: string;
  fallback: T;
  /** One line for `kernelboard settings` and the documentation. */
  about: string;
  /** A good value, shown with errors; the fallback when absent. */
  example?: string;
  /** Never printed. `<name>_FILE` may name a file that holds the value. */
  secret?: boolean;
  /** Older names of the same variable, the newer ones first. */
  aliases?: readonly string[];
}

export interface IntegerDefinition extends SettingDefinition<number> {
  minimum?: number;
  maximum?: number;
  /** A bad value is replaced by the default with a warning, as operators of the reference know it. */
  lenient?: boolean;
}

export interface SettingSource {
  name: string;
  /** As text for people; `********` for a secret. */
  value: string;
  /** "default", "environment", "file PATH", or the variable that stood in for this one. */
  from: string;
  about: string;
}

interface Found {
  text: string;
  from: string;
}

const MASK = "********";

export class EnvironmentReader {
  readonly sources: SettingSource[] = [];
  readonly warnings: string[] = [];
  /** Every variable that was looked for, set or not: what the table of settings has to list. */
  readonly names = new Set<string>();
  /** Values of secrets, for those who have to keep them out of what they write. Never to be shown. */
  readonly secrets: string[] = [];
  readonly #environment: Readonly<Record<string, string | undefined>>;
  readonly #readFile: (path: string) => string;

  constructor(environment: Readonly<Record<string, string | undefined>>, readFile: (path: string) => string) {
    this.#environment = environment;
    this.#readFile = readFile;
  }

  /** The raw text of a variable, undefined when it is not set at all. Nothing is recorded. */
  raw(name: string): string | undefined {
    this.names.add(name);
    return this.#environment[name];
  }

  /** The text of a variable that has no default, from where `parse` would take it. Nothing is recorded. */
  optional(definition: SettingDefinition<unknown>): { text: string; from: string } | undefined {
    return this.#find(definition);
  }

  text(definition: SettingDefinition<string>): string {
    return this.parse(definition, (text) => text);
  }

  /** true exactly for `true` in any case, as the reference reads it. */
  flag(definition: SettingDefinition<boolean>): boolean {
    return this.parse({ example: "true", ...definition }, (text) => text.toLowerCase() === "true");
  }

  integer(definition: IntegerDefinition): number {
    return this.parse(definition, (text) => {
      try {
        return this.#integerValue(definition, text);
      } catch (error) {
        if (!definition.lenient || !(error instanceof SettingError)) throw error;
        this.warnings.push(`Invalid ${definition.name}, using default ${definition.fallback}`);
        return definition.fallback;
      }
    });
  }

  choice<T extends string>(definition: SettingDefinition<T> & { choices: readonly T[] }): T {
    return this.parse(definition, (text) => {
      const choice = definition.choices.find((candidate) => candidate === text);
      if (choice === undefined) {
        throw this.wrong(definition, `'${text}' is none of ${definition.choices.join(", ")}`);
      }
      return choice;
    });
  }

  /** A JSON array of strings; an empty variable is the default. */
  textList(definition: SettingDefinition<string[]>): string[] {
    return this.parse(definition, (text) => {
      if (text === "") return definition.fallback;
      const value = this.json(definition, text);
      if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) {
        throw this.wrong(definition, "must be a JSON list of strings");
      }
      return value;
    });
  }

  json(definition: SettingDefinition<unknown>, text: string): unknown {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      throw this.wrong(definition, "is not valid JSON");
    }
  }

  /** Looks a variable up, parses it, and records where it came from. */
  parse<T>(definition: SettingDefinition<T>, parse: (text: string) => T): T {
    const found = this.#find(definition);
    const value = found === undefined ? definition.fallback : parse(found.text);
    this.record(definition, value, found?.from ?? "default");
    return value;
  }

  record(definition: SettingDefinition<unknown>, value: unknown, from: string): void {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    this.sources.push({
      name: definition.name,
      value: definition.secret ? MASK : text,
      from,
      about: definition.about,
    });
  }

  /** The error for a bad value of this variable. It never repeats the value of a secret. */
  wrong(definition: SettingDefinition<unknown>, problem: string, name = definition.name): SettingError {
    const example = definition.example ?? plainText(definition.fallback);
    return new SettingError(`${name}: ${problem}; example: ${name}=${example}`);
  }

  #find(definition: SettingDefinition<unknown>): Found | undefined {
    const found = definition.secret ? this.#findSecret(definition) : this.#findPlain(definition);
    if (definition.secret && found !== undefined && found.text !== "") this.secrets.push(found.text);
    return found;
  }

  #findPlain({ name, aliases = [] }: SettingDefinition<unknown>): Found | undefined {
    const direct = this.raw(name);
    const instead = aliases.map((alias) => ({ alias, text: this.raw(alias) }));
    if (direct !== undefined) return { text: direct, from: "environment" };
    const found = instead.find(({ text }) => text !== undefined);
    return found?.text === undefined ? undefined : { text: found.text, from: found.alias };
  }

  /** A secret under each of its names, or in the file that `<name>_FILE` names (chapter 08, section 8.3). */
  #findSecret({ name, aliases = [] }: SettingDefinition<unknown>): Found | undefined {
    const found = [name, ...aliases].map((candidate) => {
      const direct = this.raw(candidate);
      const file = this.raw(`${candidate}_FILE`) ?? "";
      if (file === "")
        return direct === undefined
          ? undefined
          : { text: direct, from: candidate === name ? "environment" : candidate };
      if (direct !== undefined)
        throw new SettingError(
          `both ${candidate} and ${candidate}_FILE are set (but are exclusive)`,
          candidate,
        );
      return { text: this.#secretFile(candidate, file), from: `file ${file}` };
    });
    return found.find((one) => one !== undefined);
  }

  #secretFile(name: string, path: string): string {
    try {
      return this.#readFile(path).replace(/\r?\n$/, "");
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new SettingError(
        `${name}_FILE: cannot be read (${reason}); example: ${name}_FILE=/run/secrets/${name.toLowerCase()}`,
      );
    }
  }

  #integerValue(definition: IntegerDefinition, text: string): number {
    if (!/^\s*[+-]?\d+(_\d+)*\s*$/.test(text))
      throw this.wrong(definition, `'${text}' is not a whole number`);
    const value = Number(text.replaceAll("_", ""));
    const { minimum = Number.MIN_SAFE_INTEGER, maximum = Number.MAX_SAFE_INTEGER } = definition;
    if (value < minimum) throw this.wrong(definition, `${value} is below ${minimum}`);
    if (value > maximum) throw this.wrong(definition, `${value} is above ${maximum}`);
    return value;
  }
}

function plainText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
