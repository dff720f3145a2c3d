/** What `kernelboard check` finds (chapter 08, section 5). */

/** From the most severe to the least. */
export const LEVELS = ["CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG"] as const;
export type Level = (typeof LEVELS)[number];

export interface Finding {
  level: Level;
  /** Of the reference implementation's framework where it has the same check, else `kernelboard.<letter><number>`. */
  id: string;
  message: string;
  /** The remedy. */
  hint: string;
}

/** Whether a level is at least as severe as another. */
export function isAtLeast(level: Level, other: Level): boolean {
  return LEVELS.indexOf(level) <= LEVELS.indexOf(other);
}

const finding =
  (level: Level) =>
  (id: string, message: string, hint: string): Finding => ({ level, id, message, hint });

export const error = finding("ERROR");
export const warning = finding("WARNING");
export const info = finding("INFO");
