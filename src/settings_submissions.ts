/** Settings of submissions: the spool directory, and their receipt over HTTP (chapter 02, sections 4 and 14). */
import type { EnvironmentReader, SettingDefinition } from "./settings_reader.ts";

export interface SubmissionSettings {
  /** The spool directory when the command line names none. */
  spoolDir: string | undefined;
  /** What tokens are signed with; nobody can submit over HTTP without it. */
  secret: string | undefined;
  /** Bytes that a body may have, as it is sent and after its content encoding is undone. */
  maxBytes: number;
  /** Files that wait in the spool, above which no more are taken. */
  maxWaitingFiles: number;
  /** Bytes that have to be free on the spool's disk for a submission to be taken. */
  minFreeBytes: number;
}

const MIB = 1024 * 1024;
/** As long as the hash that signs: a shorter one could be guessed from a token. */
const MIN_SECRET_BYTES = 32;

/** @throws SettingError */
export function submissionSettings(read: EnvironmentReader): SubmissionSettings {
  const spoolDir = read.text({
    name: "KERNELBOARD_SPOOL_DIR",
    fallback: "",
    example: "/spool",
    about: "spool directory of submissions when --spool-dir is not given",
  });
  return {
    spoolDir: spoolDir === "" ? undefined : spoolDir,
    secret: submitSecret(read),
    maxBytes: read.integer({
      name: "KERNELBOARD_SUBMIT_MAX_BYTES",
      fallback: 512 * MIB,
      minimum: 1,
      maximum: 512 * MIB,
      about: "bytes that a submission over HTTP may have, also after its content encoding is undone",
    }),
    maxWaitingFiles: read.integer({
      name: "KERNELBOARD_SPOOL_MAX_FILES",
      fallback: 100_000,
      minimum: 1,
      about: "files waiting in the spool above which submissions over HTTP are put off",
    }),
    minFreeBytes: read.integer({
      name: "KERNELBOARD_SPOOL_MIN_FREE_BYTES",
      fallback: 256 * MIB,
      minimum: 0,
      about: "bytes free on the spool's disk below which submissions over HTTP are put off",
    }),
  };
}

function submitSecret(read: EnvironmentReader): string | undefined {
  const definition: SettingDefinition<string> = {
    name: "KERNELBOARD_SUBMIT_SECRET",
    aliases: ["JWT_SECRET"],
    fallback: "",
    example: "$(openssl rand -hex 32)",
    secret: true,
    about:
      "secret that tokens of submitters are signed with, at least 32 bytes; without it nobody can submit",
  };
  const secret = read.parse(definition, (text) => {
    const bytes = Buffer.byteLength(text);
    if (bytes > 0 && bytes < MIN_SECRET_BYTES)
      throw read.wrong(
        definition,
        `has ${bytes} bytes, and needs ${MIN_SECRET_BYTES} or more (JWT_SECRET stands in for it)`,
      );
    return text;
  });
  return secret === "" ? undefined : secret;
}
