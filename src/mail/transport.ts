/** Where mails go: a mail server, the terminal, or nowhere (chapter 08, section 2.3; defect D6). */
import { createTransport, type Transporter } from "nodemailer";
import type { EmailSettings } from "../settings.ts";

const TIMEOUT_MS = 30_000;
/** The port on which TLS comes before the first word, by convention. */
const TLS_FROM_THE_START = 465;

export interface Mail {
  from: { name: string; address: string };
  to: string[];
  cc: string[];
  subject: string;
  text: string;
}

export interface MailTransport {
  /** Connects, and logs in where there is a password. @throws when that is not possible */
  verify: () => Promise<void>;
  /** @throws when no recipient was accepted */
  send: (mail: Mail) => Promise<void>;
  close: () => void;
}

/** @throws for a backend that is not known here */
export function openMailTransport(settings: EmailSettings): MailTransport {
  switch (settings.kind) {
    case "smtp":
      return wrapped(smtp(settings), true);
    case "console":
      return wrapped(createTransport({ streamTransport: true, buffer: true }), false, (message) => {
        console.log(message);
      });
    case "memory":
      return wrapped(createTransport({ jsonTransport: true }), false);
    case undefined:
      throw new Error(`EMAIL_BACKEND '${settings.backend}' is not known`);
  }
}

function smtp({ host, port, useTls, user, password }: EmailSettings): Transporter<unknown> {
  return createTransport({
    host,
    port,
    secure: port === TLS_FROM_THE_START,
    // STARTTLS or nothing: an attacker between could otherwise take the offer out.
    requireTLS: useTls,
    ignoreTLS: !useTls,
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    ...(user !== "" && password !== "" ? { auth: { user, pass: password } } : {}),
  });
}

function wrapped(
  transporter: Transporter<unknown>,
  canVerify: boolean,
  show?: (message: string) => void,
): MailTransport {
  return {
    verify: async () => {
      if (canVerify) await transporter.verify();
    },
    send: async (mail) => {
      const sent = await transporter.sendMail(mail);
      if (show !== undefined && hasMessage(sent)) show(String(sent.message));
    },
    close: () => {
      transporter.close();
    },
  };
}

function hasMessage(value: unknown): value is { message: unknown } {
  return typeof value === "object" && value !== null && "message" in value;
}
