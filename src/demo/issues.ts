/** Issues of the demonstration data, and the incidents that tie them to what failed. */
import { versionAt, type Defect } from "./defects.ts";
import type { Dice } from "./dice.ts";
import { DEFECTS, UNSEEN_ISSUE } from "./known_defects.ts";
import { DAY, HOUR, MINUTE, type Arrival, type IncidentObject, type IssueObject } from "./objects.ts";

function issueId(dice: Dice, { origin, key }: { origin: string; key: string }): string {
  return `${origin}:${origin === "redhat" ? "issue_" : ""}${dice.hex(origin === "redhat" ? 4 : 40, `issue ${key}`)}`;
}

/** Every version of every issue, when it was written. */
export function issueArrivals(dice: Dice, now: number): Arrival[] {
  const known = DEFECTS.flatMap((defect) =>
    defect.versions.map((version) => ({
      // Written before the incidents that name it are sent.
      at: now - version.daysAgo * DAY - HOUR,
      origin: defect.origin,
      sections: { issues: [issueObject(dice, defect, version)] },
    })),
  );
  const { origin, daysAgo, comment } = UNSEEN_ISSUE;
  const unseen: IssueObject = {
    id: issueId(dice, UNSEEN_ISSUE),
    version: 1,
    origin,
    comment,
    culprit: { code: true, tool: false, harness: false },
  };
  return [...known, { at: now - daysAgo * DAY, origin, sections: { issues: [unseen] } }];
}

function issueObject(dice: Dice, defect: Defect, version: Defect["versions"][0]): IssueObject {
  const { origin, culprit, categories, logspec, ticketUrl, log } = defect;
  const { comment, reportUrl, reportSubject } = version;
  return {
    id: issueId(dice, defect),
    version: version.version,
    origin,
    comment: logspec === undefined ? comment : `${comment} [logspec:${logspec.parser},${logspec.errorType}]`,
    culprit: { code: culprit === "code", tool: culprit === "tool", harness: culprit === "harness" },
    categories,
    report_url: reportUrl,
    report_subject: reportSubject,
    misc:
      logspec !== undefined
        ? {
            logspec: {
              version: "1.0.0",
              parser: logspec.parser,
              error: {
                error_type: logspec.errorType,
                error_summary: comment,
                log_excerpt: log,
                signature_fields: ["error_type", "error_summary"],
              },
            },
          }
        : ticketUrl !== undefined
          ? { ticket_url: ticketUrl }
          : undefined,
  };
}

/** What an incident is about. */
export interface Occurrence {
  defect: Defect;
  /** When the failure was there. */
  at: number;
  failed: { build_id: string } | { test_id: string };
}

/** The incident of a failure, somewhat later, if it gets one. */
export function incidentArrival(dice: Dice, now: number, occurrence: Occurrence): Arrival | undefined {
  const { defect, at, failed } = occurrence;
  const name = "test_id" in failed ? failed.test_id : failed.build_id;
  if (!dice.chance(defect.reported, `reported ${name}`)) return undefined;
  const foundAt = Math.max(
    at + dice.between(1, 9, `found ${name}`) * MINUTE,
    now - defect.versions[0].daysAgo * DAY,
  );
  const retracted = dice.chance(defect.retracted ?? 0, `retracted ${name}`);
  const incident: IncidentObject = {
    id: `${defect.origin}:${dice.hex(40, `incident ${name}`)}`,
    origin: defect.origin,
    issue_id: issueId(dice, defect),
    issue_version: versionAt(defect, foundAt, now).version,
    ...failed,
    present: !retracted,
    comment: retracted
      ? "looked at by hand: another problem"
      : `${"test_id" in failed ? "test" : "build"} incident, found in the log`,
  };
  return { at: foundAt, origin: defect.origin, sections: { incidents: [incident] } };
}
