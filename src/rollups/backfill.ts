/** Computes the derived rows of chosen commits anew (chapter 02, sections 12.2 and 12.3). */
import { databaseErrorKind } from "../database/errors.ts";
import { CHECKOUT_TIME, commitKey } from "./facts.ts";
import { addMended, compareSlice, nothingMended, rebuildSlice, type Mended } from "./rebuild.ts";
import { sidesOfScope } from "./derived_table.ts";
import { addSlice, makeSlices, refreshSlice, scopeOf, type RepairSession } from "./repair_session.ts";

/** Which checkouts; all when nothing is said. */
export interface CheckoutChoice {
  checkoutId?: string;
  /** Those of so many days back. */
  sinceDays?: number;
  /** At most so many, the newest. */
  limit?: number;
}

/** The chosen checkouts, the newest first and those without a time before them, of each commit only the first. */
export async function chosenCheckouts(
  { client }: RepairSession,
  { checkoutId, sinceDays, limit }: CheckoutChoice,
): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>(
    `select (array_agg(id order by place))[1] as id
     from (
       -- indexes checkouts_pkey, checkouts_time
       select c.id, ${commitKey("c")} as commit,
         row_number() over (order by ${CHECKOUT_TIME} desc nulls first, c.id collate "C" desc) as place
       from checkouts c
       where ($1::text is null or c.id = $1)
         and ($2::integer is null or ${CHECKOUT_TIME} >= now() - make_interval(days => $2))
       order by place
       limit $3
     ) chosen
     group by commit
     order by min(place)`,
    [checkoutId ?? null, sinceDays ?? null, limit ?? null],
  );
  return rows.map(({ id }) => id);
}

/** What the rollup of a commit consists of. */
export interface RollupSize {
  buckets: number;
  tests: number;
}

/**
 * Mends the rollup of the commit that a checkout is of.
 *
 * @param slice a number that no slice of the session has
 * @param dryRun only tells what there should be
 */
export async function recountRollup(
  session: RepairSession,
  slice: number,
  checkoutId: string,
  dryRun: boolean,
): Promise<RollupSize> {
  await addSlice(session, slice, [checkoutId]);
  if (dryRun) await refreshSlice(session, slice);
  else await rebuildSlice(session, ["tree_tests_rollup"], slice);
  const { expected, found } = sidesOfScope("tree_tests_rollup", [], scopeOf(slice));
  const { rows } = await session.client.query<RollupSize>(
    `select count(*)::integer as buckets, coalesce(sum(total_tests), 0)::double precision as tests
     from (${dryRun ? expected : found}) rollup`,
  );
  return rows[0] ?? { buckets: 0, tests: 0 };
}

const BACKFILLED = ["latest_checkout", "hardware_status"] as const;

export interface BackfillOptions {
  days: number;
  /** Checkouts and builds of a transaction. */
  batchSize: number;
  /** Only counts what would be written. */
  dryRun?: boolean;
  signal?: AbortSignal;
  /** Called for each commit that cannot be counted. */
  onError: (checkoutId: string, error: unknown) => void;
}

/**
 * Mends latest_checkout and hardware_status for the checkouts of the last days, the newest first. A batch that fails is
 * tried again commit by commit.
 *
 * @returns what was written, by table
 * @throws the signal's reason when it is aborted, or the error of a database that is away
 */
export async function backfillHardware(
  session: RepairSession,
  { days, batchSize, dryRun, signal, onError }: BackfillOptions,
): Promise<Record<(typeof BACKFILLED)[number], Mended>> {
  const mended = { latest_checkout: nothingMended(), hardware_status: nothingMended() };
  const mend = async (slice: number): Promise<void> => {
    const more = await (dryRun ? compareSlice : rebuildSlice)(session, BACKFILLED, slice);
    for (const table of BACKFILLED) addMended(mended[table], more.get(table) ?? nothingMended());
  };
  // index checkouts_time
  const seeds = `select c.id from checkouts c where ${CHECKOUT_TIME} >= now() - make_interval(days => $1)`;
  const slices = await makeSlices(session, seeds, [days], batchSize);
  let next = slices;
  for (let slice = 0; slice < slices; slice++) {
    signal?.throwIfAborted();
    try {
      await mend(slice);
    } catch (error) {
      if (databaseErrorKind(error) === "transient") throw error;
      for (const checkoutId of await commitsOfSlice(session, slice)) {
        await addSlice(session, next, [checkoutId]);
        await mend(next++).catch((commitError: unknown) => {
          onError(checkoutId, commitError);
        });
      }
    }
  }
  return mended;
}

/** A checkout of each commit. */
async function commitsOfSlice({ client }: RepairSession, slice: number): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>(
    `select min(c.id collate "C") as id from sliced_checkouts s join checkouts c on c.id = s.id
     where s.slice = $1 group by ${commitKey("c")} order by min(c.id collate "C")`,
    [slice],
  );
  return rows.map(({ id }) => id);
}
