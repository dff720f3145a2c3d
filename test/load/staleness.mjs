/**
 * Whether answers of a server with a cache are as old as they may be: never older than a second behind the last commit.
 *
 * An address is watched: a server without a cache, on the same database, is asked again and again, from before the
 * first sample until after the last one. So it is known which answers were true, and when: each at most from the moment when
 * the one before it was asked for to the moment when the next one had come. A sample has to be one that was true at some time between a
 * second before it was asked for and its arrival.
 *
 * - It is: fresh.
 * - It was true before that and not since, or nothing changed meanwhile and it is something else: stale.
 * - Something else, while changes went on: of two commits between two questions the first is not seen, so this may be what
 *   was true between them. It is undecided, and the address is watched again a second later.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { digestOf, exchange, newAgent } from "./clients.mjs";

/** An answer may be so much older than the last commit. */
export const MOST_AGE_MS = 1000;
/** How long true answers are collected before the first sample. */
const LEAD_MS = 1200;
const SAMPLES = 10;
const BETWEEN_SAMPLES_MS = 120;
/** Between questions to the server without a cache, and no less than its last answer took: it shares the cores. */
const BETWEEN_QUESTIONS_MS = 60;
const MOST_WATCHES = 4;
/** Of the server without a cache, whose answers nobody else gets: to compress them takes longer than to make many of them. */
const UNCOMPRESSED = { "accept-encoding": "identity" };
/** A server that is busy is asked again, so often. */
const MOST_ATTEMPTS = 30;

/** @param truths in order: { digest, from, to }. @param sample { digest, from, to } */
export function judge(truths, { digest, from, to }) {
  const since = from - MOST_AGE_MS;
  const spans = truths.map((truth, index) => ({
    digest: truth.digest,
    from: (truths[index - 1] ?? truth).from,
    to: truths[index + 1]?.to ?? Infinity,
  }));
  const during = spans.filter((span) => span.to >= since && span.from <= to);
  if (during.some((span) => span.digest === digest)) return "fresh";
  const wasTrue = spans.some((span) => span.to < since && span.digest === digest);
  const isQuiet = new Set(during.map((span) => span.digest)).size <= 1;
  return wasTrue || isQuiet ? "stale" : "undecided";
}

/** Watches one address for some seconds. @returns the judgements of its samples */
export async function watch({ cached, uncached }, { path, body }) {
  const [of, beside] = [newAgent(cached), newAgent(uncached)];
  const ask = async (base, agent, headers) => {
    for (let attempt = 1; ; attempt++) {
      const from = performance.now();
      const answer = await exchange(base + path, { agent, body, headers });
      const to = performance.now();
      if (answer.status === 200) return { digest: await digestOf(answer), from, to };
      // A busy server says so, which is no answer to compare.
      if (answer.status !== 503 || answer.retryAfter === undefined || attempt === MOST_ATTEMPTS)
        throw new Error(`${answer.status} for ${path} from ${base}`);
      await sleep(Number(answer.retryAfter) * 1000);
    }
  };
  const truths = [];
  const samples = [];
  let isOver = false;
  const asking = (async () => {
    while (!isOver) {
      const truth = await ask(uncached, beside, UNCOMPRESSED);
      truths.push(truth);
      await sleep(Math.max(BETWEEN_QUESTIONS_MS, truth.to - truth.from));
    }
    truths.push(await ask(uncached, beside, UNCOMPRESSED));
  })();
  try {
    await sleep(LEAD_MS);
    for (let number = 0; number < SAMPLES; number++) {
      samples.push(await ask(cached, of));
      await sleep(BETWEEN_SAMPLES_MS);
    }
  } finally {
    isOver = true;
    await asking;
    of.destroy();
    beside.destroy();
  }
  return samples.map((sample) => judge(truths, sample));
}

/** While nothing is committed any more: whether both servers say the same. */
export async function agree({ cached, uncached }, { path, body }) {
  const [one, other] = [await exchange(cached + path, { body }), await exchange(uncached + path, { body })];
  return (await digestOf(one)) === (await digestOf(other));
}

/** As a program: watches the addresses that it is told of, one after the other, each group in its turn, until told to end. */
if (process.argv[2] === "watch") {
  // Nobody waits for it any more.
  process.once("disconnect", () => process.exit(1));
  const servers = { cached: process.argv[3], uncached: process.argv[4] };
  const found = { watched: 0, samples: 0, fresh: 0, again: 0, undecided: 0, stale: [] };
  const groups = new Map();
  let isOver = false;
  process.on("message", (message) => {
    if (message === "end") isOver = true;
    else
      for (const target of message)
        groups.set(target.group, [...(groups.get(target.group) ?? []), target].slice(-50));
  });
  let turn = 0;
  while (!isOver) {
    const names = [...groups.keys()];
    const targets = groups.get(names[turn++ % names.length]) ?? [];
    const target = targets[Math.floor(Math.random() * targets.length)];
    if (target === undefined) await sleep(100);
    else await watchUntilDecided(target);
  }
  process.send(found, () => process.exit(0));

  async function watchUntilDecided(target) {
    found.watched++;
    for (let times = 1; times <= MOST_WATCHES; times++) {
      const judgements = await watch(servers, target);
      const count = (judgement) => judgements.filter((one) => one === judgement).length;
      found.samples += judgements.length;
      found.fresh += count("fresh");
      if (count("stale") > 0) found.stale.push(`${target.path}: ${count("stale")} of ${judgements.length}`);
      if (count("undecided") === 0) return;
      if (times === MOST_WATCHES) found.undecided += count("undecided");
      else found.again += count("undecided");
      await sleep(MOST_AGE_MS);
    }
  }
}
