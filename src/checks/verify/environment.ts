/** The items of `verify_env` about variables (chapter 08, section 4.1). */
import type { LoadedSettings, SettingError } from "../../settings.ts";
import { fail, pass, type Result } from "./result.ts";

/** @param problems with variables; those of `<NAME>_FILE` are told here */
export function verifyEnvironment(
  { settings, sources }: LoadedSettings,
  problems: readonly SettingError[],
): Result[] {
  const { security, notices, email, database } = settings;
  const secret = (name: string, value: string): Result => {
    const item = `env:${name}`;
    const problem = problems.find(({ variable }) => variable === `${name}_FILE`);
    const file = /\(.*'(.*)'\)/.exec(problem?.message ?? "")?.[1] ?? "";
    if (problem !== undefined) return fail(item, `${name}_FILE is set but unreadable/missing: ${file}`);
    if (value === "") return fail(item, `${name} is not set`);
    const from = sources.find((source) => source.name === name)?.from ?? "";
    return pass(item, from.startsWith("file ") ? `${name} loaded from ${from}` : `${name} is set`);
  };
  const databasePassword = (): Result => {
    if (database.kind === "embedded")
      return pass("env:DB_PASSWORD", "DB_PASSWORD is not needed by the embedded database");
    const from = sources.find(({ name }) => name === "DB_PASSWORD")?.from;
    return secret("DB_PASSWORD", from === "default" ? "" : database.password);
  };
  return [
    security.secretKey === undefined
      ? fail("env:DJANGO_SECRET_KEY", "DJANGO_SECRET_KEY is not set (using default insecure key)")
      : pass("env:DJANGO_SECRET_KEY", "DJANGO_SECRET_KEY is set"),
    databasePassword(),
    email.kind === "smtp"
      ? secret("EMAIL_HOST_PASSWORD", email.password)
      : pass("env:EMAIL_HOST_PASSWORD", "EMAIL_HOST_PASSWORD skipped for non-SMTP backend"),
    pass(
      "env:DISCORD_WEBHOOK_URL",
      notices.discordUrl === undefined
        ? "DISCORD_WEBHOOK_URL is not set (notifications to Discord will be skipped)"
        : "DISCORD_WEBHOOK_URL is set",
    ),
  ];
}
