import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { pino } from "pino";
import { Batch } from "../ingest/batch.ts";
import { microsecondClock } from "../ingest/clock.ts";
import { zeroTally } from "../ingest/outcome.ts";
import { Writer } from "../ingest/writer.ts";
import { toRow } from "../kcidb/rows.ts";
import { standardiseLab } from "../kcidb/standardise.ts";
import type { JsonObject, Kind } from "../kcidb/types.ts";
import { testDatabase, type TestDatabase } from "../../test/support/database.ts";
import { derivedDifferences } from "../../test/support/derived.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});

interface Fragment {
  kind: Kind;
  object: JsonObject;
}

const optional = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(value, { nil: undefined });
const oneOf = (...values: string[]): fc.Arbitrary<string | undefined> => optional(fc.constantFrom(...values));
const idOf = (prefix: string, count: number): fc.Arbitrary<string> =>
  fc.nat(count - 1).map((number) => `o:${prefix}${number}`);
const origin = fc.constantFrom("o", "p");
const status = oneOf("PASS", "FAIL", "SKIP", "ERROR");
const time = optional(fc.integer({ min: 0, max: 5 }).map((hour) => `2026-01-01T0${hour}:00:00Z`));

/** Few ids and few values, so that objects meet: repeated, completed, orphaned, moved between trees and buckets. */
const checkout = fc.record({
  id: idOf("c", 4),
  origin,
  tree_name: oneOf("mainline", "next"),
  git_repository_url: oneOf("https://a/x.git"),
  git_repository_branch: oneOf("master", "main"),
  git_commit_hash: oneOf("a".repeat(40), "b".repeat(40)),
  git_commit_name: oneOf("v6.1", "v6.2"),
  git_commit_tags: optional(fc.constantFrom([], ["v6.1"])),
  start_time: time,
});
const build = fc.record({
  id: fc.oneof(idOf("b", 4), fc.constant("maestro:dummy_1")),
  checkout_id: idOf("c", 4),
  origin,
  status,
  config_name: oneOf("defconfig", ""),
  architecture: oneOf("arm64"),
  compiler: oneOf("gcc-12"),
});
const test = fc.record({
  id: idOf("t", 8),
  build_id: fc.oneof(idOf("b", 4), fc.constant("maestro:dummy_1")),
  origin,
  status,
  path: oneOf("", "boot", "boot.nfs", "ltp.mm.x", "bootrr.y"),
  start_time: time,
  misc: optional(fc.constantFrom({ runtime: "lab-a" }, { runtime: 7 }, { other: 1 }, { runtime: "shell" })),
  environment: optional(
    fc.record(
      {
        misc: optional(
          fc.constantFrom({ platform: "p1" }, { platform: "p2" }, { platform: "" }, { platform: 3 }, {}),
        ),
        compatible: optional(fc.constantFrom([], ["v,b", "v,s"], ["w,b"])),
      },
      { requiredKeys: [] },
    ),
  ),
});
const incident = fc.record({
  id: idOf("i", 4),
  origin,
  issue_id: idOf("issue", 2),
  issue_version: fc.constantFrom(1, 2),
  test_id: optional(idOf("t", 8)),
  build_id: optional(idOf("b", 4)),
  present: optional(fc.boolean()),
});

const fragment: fc.Arbitrary<Fragment> = fc.oneof(
  checkout.map((object): Fragment => ({ kind: "checkouts", object })),
  build.map((object): Fragment => ({ kind: "builds", object })),
  test.map((object): Fragment => ({ kind: "tests", object })),
  incident.map((object): Fragment => ({ kind: "incidents", object })),
);

const clock = microsecondClock();

function batchOf(fragments: Fragment[]): Batch {
  const batch = new Batch();
  const name = `generated-${randomUUID()}`;
  const account = {
    id: name,
    fingerprint: "",
    bytes: 0,
    receivedAt: new Date().toISOString(),
    run: 1,
    row: undefined,
  };
  const share = batch.share({ name, account, tally: zeroTally() });
  share.objects = fragments.length;
  for (const { kind, object } of fragments) {
    const copy = JSON.parse(JSON.stringify(object)) as JsonObject;
    standardiseLab(kind, copy);
    batch.add(share, { kind, id: String(copy.id), pointer: "", row: toRow(kind, copy, clock()) });
  }
  return batch;
}

const CLEAR = `truncate checkouts, builds, tests, issues, incidents, latest_checkout, tree_listing, hardware_status,
  tree_tests_rollup, pending_test, pending_builds`;

function newWriter(): Writer {
  return new Writer({
    connection: database.connection,
    log: pino({ level: "silent" }),
    giveUpAfterMs: 5000,
  });
}

describe("derived tables", () => {
  it("follow from the rows after every batch, whatever comes in whatever order", async () => {
    const writer = newWriter();
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(fragment, { maxLength: 12 }), { maxLength: 8 }), async (batches) => {
        await database.pool.query(CLEAR);
        for (const fragments of batches) {
          await writer.write(batchOf(fragments));
          expect(await derivedDifferences(database.pool)).toEqual([]);
        }
      }),
      { numRuns: 60 },
    );
    await writer.close();
  });

  it("follow from the rows when several writers meet", async () => {
    const writers = [newWriter(), newWriter(), newWriter()];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.array(fragment, { maxLength: 10 }), { maxLength: 5 }), {
          minLength: 3,
          maxLength: 3,
        }),
        async (batchesByWriter) => {
          await database.pool.query(CLEAR);
          await Promise.all(
            batchesByWriter.map(async (batches, index) => {
              for (const fragments of batches) await writers[index]?.write(batchOf(fragments));
            }),
          );
          expect(await derivedDifferences(database.pool)).toEqual([]);
        },
      ),
      { numRuns: 40 },
    );
    await Promise.all(writers.map((writer) => writer.close()));
  });
});
