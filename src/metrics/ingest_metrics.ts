/**
 * The metrics of the ingestion: the reference's names with their labels (chapter 02, section 13), and our own, which
 * begin with `kernelboard_`. Everything is counted after the commit that it belongs to (D35).
 */
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { TRANSIENT_REASONS } from "../database/errors.ts";
import { UPLOAD_RESULTS } from "../excerpts/uploads.ts";
import type { BatchMeasures } from "../ingest/measures.ts";
import { KINDS, type Kind } from "../kcidb/types.ts";
import { AGGREGATED_TABLES } from "../rollups/rollups.ts";
import { BoundedLabel } from "./bounded_label.ts";

/** The reference tells its ingester apart from one that came before it. */
const INGESTER = { ingester: "django" };
/** Seconds; a batch takes one to two, and waits when others write. */
const BATCH_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 30, 60, 300];

/** What waits, asked when the metrics are read. */
export interface BacklogSource {
  readonly files: number;
  ageSeconds(now: number): number;
}

export interface IngestMetrics {
  /** Adds what a commit did. */
  onBatch: (measures: BatchMeasures) => void;
  /** A file was set aside because of failures that are not its own. */
  onPendingRetry: () => void;
  /** A worker ended by an error, or was killed. */
  onWorkerFailure: (reason: "exception" | "signal") => void;
}

/**
 * Adds the metrics of an ingestion to a registry. Series whose labels are known are there from the start, with 0, so
 * that rates over them see the first event too.
 */
export function createIngestMetrics(registry: Registry, backlog: BacklogSource): IngestMetrics {
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> =>
    new Counter({ name, help, labelNames, registers });

  const ingestions = counter("kcidb_ingestions_total", "Submission files taken in", ["ingester"]);
  const objects = objectCounters(counter);
  const workerFailures = counter("kcidb_ingester_worker_failures_total", "Ingest workers that failed", [
    "ingester",
    "reason",
  ]);
  const aggregated = counter(
    "aggregation_records_written_total",
    "Rows written to derived tables, in the transactions of the submissions",
    ["table"],
  );
  const deadlocks = counter(
    "aggregation_deadlock_retries_total",
    "Transactions that were tried again because of a deadlock or a lock",
    ["table"],
  );
  const outcomes = counter("kernelboard_ingest_objects_total", "Objects by what became of them", [
    "outcome",
    "kind",
  ]);
  const refusals = counter(
    "kernelboard_ingest_refusals_total",
    "Objects, and files as a whole, that were refused, by the rule that they break",
    ["scope", "rule"],
  );
  const submissions = counter(
    "kernelboard_ingest_submissions_total",
    "Submission files by where they went: processed to archive/, failed to failed/",
    ["result"],
  );
  const rows = counter("kernelboard_ingest_rows_total", "Rows sent to the database in batches", []);
  const retries = counter("kernelboard_ingest_retries_total", "Batches that were tried again", ["reason"]);
  const pendingRetries = counter(
    "kernelboard_ingest_pending_retry_files_total",
    "Submission files set aside in pending_retry/",
    [],
  );
  const uploads = counter("kernelboard_log_excerpts_total", "Long log excerpts by what became of them", [
    "result",
  ]);
  const batchSeconds = new Histogram({
    name: "kernelboard_ingest_batch_seconds",
    help: "Time to write a batch, from the first row sent to the commit, retries included",
    buckets: BATCH_SECONDS,
    registers,
  });
  addBacklogGauges(registry, backlog);

  ingestions.inc(INGESTER, 0);
  for (const reason of ["exception", "signal"]) workerFailures.inc({ ...INGESTER, reason }, 0);
  for (const table of AGGREGATED_TABLES) aggregated.inc({ table }, 0);
  deadlocks.inc(DEADLOCKS, 0);
  for (const kind of KINDS)
    for (const outcome of ["stored", "merged", "refused"]) outcomes.inc({ outcome, kind }, 0);
  for (const result of ["processed", "failed"]) submissions.inc({ result }, 0);
  for (const reason of TRANSIENT_REASONS) retries.inc({ reason }, 0);
  for (const result of UPLOAD_RESULTS) uploads.inc({ result }, 0);

  return {
    onBatch: (measures) => {
      const { processed, failed, unreadable } = measures.submissions;
      ingestions.inc(INGESTER, processed + failed - unreadable);
      submissions.inc({ result: "processed" }, processed);
      submissions.inc({ result: "failed" }, failed);
      objects(measures);
      for (const kind of KINDS) {
        outcomes.inc({ outcome: "stored", kind }, measures.stored[kind]);
        outcomes.inc({ outcome: "merged", kind }, measures.merged[kind]);
      }
      for (const { rule, kind, count } of measures.refusals) {
        refusals.inc({ scope: kind === undefined ? "file" : "object", rule }, count);
        if (kind !== undefined) outcomes.inc({ outcome: "refused", kind }, count);
      }
      rows.inc(measures.rows);
      // A file without objects, or refused as a whole, is completed without a batch.
      if (measures.rows > 0) batchSeconds.observe(measures.milliseconds / 1000);
      for (const reason of TRANSIENT_REASONS) retries.inc({ reason }, measures.retries[reason] ?? 0);
      deadlocks.inc(DEADLOCKS, measures.retries.serialization ?? 0);
      for (const result of UPLOAD_RESULTS) uploads.inc({ result }, measures.excerpts?.[result] ?? 0);
      for (const table of AGGREGATED_TABLES) aggregated.inc({ table }, measures.aggregated[table] ?? 0);
    },
    onPendingRetry: () => {
      pendingRetries.inc();
    },
    onWorkerFailure: (reason) => {
      workerFailures.inc({ ...INGESTER, reason });
    },
  };
}

/** The reference can only have deadlocks in this table; ours are not told apart by it. */
const DEADLOCKS = { table: "tree_listing" };

type MakeCounter = <L extends string>(name: string, help: string, labelNames: readonly L[]) => Counter<L>;

/** The reference's counters of objects. @returns adds the objects of a commit to them */
function objectCounters(counter: MakeCounter): (measures: BatchMeasures) => void {
  const help = (kind: Kind): string =>
    `${kind[0]?.toUpperCase() ?? ""}${kind.slice(1)} taken in, repeated ones too`;
  const plain = ["ingester", "origin"] as const;
  const checkouts = counter("kcidb_checkouts_total", help("checkouts"), plain);
  const issues = counter("kcidb_issues_total", help("issues"), plain);
  const incidents = counter("kcidb_incidents_total", help("incidents"), plain);
  const builds = counter("kcidb_builds_total", help("builds"), [...plain, "lab"]);
  const tests = counter("kcidb_tests_total", help("tests"), [...plain, "lab", "platform"]);
  const origins = new BoundedLabel();
  const labs = new BoundedLabel();
  const platforms = new BoundedLabel();
  return ({ groups }) => {
    for (const { kind, count, ...group } of groups) {
      const labels = { ...INGESTER, origin: origins.of(group.origin) };
      if (kind === "checkouts") checkouts.inc(labels, count);
      if (kind === "issues") issues.inc(labels, count);
      if (kind === "incidents") incidents.inc(labels, count);
      if (kind === "builds") builds.inc({ ...labels, lab: labs.of(group.lab) }, count);
      if (kind === "tests") {
        tests.inc({ ...labels, lab: labs.of(group.lab), platform: platforms.of(group.platform) }, count);
      }
    }
  };
}

function addBacklogGauges(registry: Registry, backlog: BacklogSource): void {
  const registers = [registry];
  new Gauge({
    name: "kcidb_ingestion_queue",
    help: "Submission files of the last scan that wait",
    labelNames: ["ingester"],
    registers,
    collect() {
      this.set(INGESTER, backlog.files);
    },
  });
  new Gauge({
    name: "kernelboard_ingest_backlog_files",
    help: "Submission files of the last scan that wait",
    registers,
    collect() {
      this.set(backlog.files);
    },
  });
  new Gauge({
    name: "kernelboard_ingest_backlog_age_seconds",
    help: "Time since the oldest waiting submission file was received; 0 when none waits",
    registers,
    collect() {
      this.set(backlog.ageSeconds(Date.now()));
    },
  });
}
