/** The variables of outgoing mail (chapter 08, section 2.3). */
import type { EnvironmentReader } from "./settings_reader.ts";

export interface EmailSettings {
  backend: string;
  /** What the backend does with a mail; undefined for one that is not known here. */
  kind: "smtp" | "console" | "memory" | undefined;
  host: string;
  port: number;
  /** Whether the connection is upgraded with STARTTLS before anything is sent. */
  useTls: boolean;
  user: string;
  password: string;
}

/** The reference implementation's names of what happens to a mail. */
const BACKENDS: Record<string, EmailSettings["kind"]> = {
  "django.core.mail.backends.smtp.EmailBackend": "smtp",
  "django.core.mail.backends.console.EmailBackend": "console",
  "django.core.mail.backends.locmem.EmailBackend": "memory",
};

export function emailSettings(read: EnvironmentReader): EmailSettings {
  const backend = read.text({
    name: "EMAIL_BACKEND",
    fallback: "django.core.mail.backends.smtp.EmailBackend",
    about: "what happens to a mail: smtp, console or locmem, by the reference implementation's names",
  });
  return {
    backend,
    kind: BACKENDS[backend],
    host: read.text({ name: "EMAIL_HOST", fallback: "smtp.gmail.com", about: "mail server" }),
    port: read.integer({
      name: "EMAIL_PORT",
      fallback: 587,
      minimum: 1,
      maximum: 65_535,
      about: "port of the mail server",
    }),
    useTls: read.flag({
      name: "EMAIL_USE_TLS",
      fallback: true,
      about: "upgrades the connection to the mail server with STARTTLS; refuses to send without",
    }),
    user: read.text({
      name: "EMAIL_HOST_USER",
      fallback: "bot@kernelci.org",
      about: "who we are at the mail server, and the sender of mails",
    }),
    password: read.text({
      name: "EMAIL_HOST_PASSWORD",
      fallback: "",
      example: "...",
      secret: true,
      about: "password at the mail server; there is no login without it",
    }),
  };
}
