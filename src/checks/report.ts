/** Findings as text, in the shape of the reference implementation's framework (chapter 08, section 5). */
import { isAtLeast, LEVELS, type Finding, type Level } from "./finding.ts";

export interface Report {
  /** In the order in which they are shown: by level, then by id. */
  findings: Finding[];
  /** How many were found but are not to be shown. */
  silenced: number;
  /** Whether one of them is as severe as the level that fails the check. */
  isFailed: boolean;
}

export function reportOf(
  found: readonly Finding[],
  silencedIds: readonly string[],
  failLevel: Level,
): Report {
  const findings = found
    .filter(({ id }) => !silencedIds.includes(id))
    .sort(
      (a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0),
    );
  return {
    findings,
    silenced: found.length - findings.length,
    isFailed: findings.some(({ level }) => isAtLeast(level, failLevel)),
  };
}

/** The whole text that a report is shown as. */
export function reportText({ findings, silenced, isFailed }: Report): string {
  const count = findings.length === 0 ? "no" : String(findings.length);
  const counted = `System check identified ${count} issue${findings.length === 1 ? "" : "s"} (${silenced} silenced).`;
  if (findings.length === 0) return counted;
  const groups = LEVELS.map((level) => findings.filter((finding) => finding.level === level))
    .filter((group) => group.length > 0)
    .map((group) => `${group[0]?.level ?? ""}S:\n${group.map(findingText).join("\n")}`);
  const head = `${isFailed ? "SystemCheckError: " : ""}System check identified some issues:`;
  return [head, ...groups, counted].join("\n\n");
}

function findingText({ id, message, hint }: Finding): string {
  return `?: (${id}) ${message}\n\tHINT: ${hint}`;
}
