/** The objects of a submission in version 5.3, as far as the demonstration data fills them (chapter 02, section 3). */

export type Status = "PASS" | "FAIL" | "ERROR" | "MISS" | "DONE" | "SKIP";

export interface Resource {
  name: string;
  url: string;
}

export type Misc = Record<string, unknown>;

/** A property that is undefined is left out of the file. */
export interface CheckoutObject {
  id: string;
  origin: string;
  tree_name?: string | undefined;
  git_repository_url: string;
  git_repository_branch: string;
  git_repository_branch_tip?: boolean;
  git_commit_hash: string;
  git_commit_name: string;
  git_commit_tags?: string[] | undefined;
  git_commit_message?: string | undefined;
  patchset_hash: string;
  start_time: string;
  origin_builds_finish_time?: string;
  origin_tests_finish_time?: string;
  valid: boolean;
  misc?: Misc | undefined;
}

export interface BuildObject {
  id: string;
  checkout_id: string;
  origin: string;
  comment?: string | undefined;
  start_time: string;
  duration?: number;
  architecture?: string | undefined;
  compiler?: string | undefined;
  config_name?: string | undefined;
  config_url?: string | undefined;
  command?: string | undefined;
  log_url?: string | undefined;
  log_excerpt?: string | undefined;
  output_files?: Resource[] | undefined;
  status?: Status | undefined;
  misc?: Misc | undefined;
}

export interface TestObject {
  id: string;
  build_id: string;
  origin: string;
  environment?: { comment?: string; compatible?: string[]; misc?: Misc } | undefined;
  path: string;
  comment?: string | undefined;
  log_url?: string | undefined;
  log_excerpt?: string | undefined;
  status?: Status | undefined;
  number?: Measurement | undefined;
  start_time: string;
  duration?: number | undefined;
  output_files?: Resource[] | undefined;
  misc?: Misc | undefined;
}

export interface Measurement {
  value: number;
  unit: string;
  prefix?: "metric" | "binary";
}

export interface IssueObject {
  id: string;
  version: number;
  origin: string;
  comment: string;
  culprit: { code: boolean; tool: boolean; harness: boolean };
  categories?: string[] | undefined;
  report_url?: string | undefined;
  report_subject?: string | undefined;
  misc?: Misc | undefined;
}

export interface IncidentObject {
  id: string;
  origin: string;
  issue_id: string;
  issue_version: number;
  build_id?: string;
  test_id?: string;
  present: boolean;
  comment: string;
}

/** The sections of a submission. */
export interface Sections {
  checkouts?: CheckoutObject[];
  builds?: BuildObject[];
  tests?: TestObject[];
  issues?: IssueObject[];
  incidents?: IncidentObject[];
}

/** Objects that an origin sends at a time, in milliseconds since 1970. */
export interface Arrival {
  at: number;
  origin: string;
  sections: Sections;
}

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** A time as it stands in a submission. */
export function dateTime(milliseconds: number): string {
  return new Date(Math.round(milliseconds)).toISOString();
}

/** Seconds with three decimals. */
export function seconds(milliseconds: number): number {
  return Math.round(milliseconds) / 1000;
}
