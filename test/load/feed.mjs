/**
 * Submissions over HTTP at a steady rate, each on its own however fast the one before was answered: most into trees of
 * their own, some into trees that the scenarios look at, so that answers which are kept have to change.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { exchange, newAgent, textOf } from "./clients.mjs";
import { moreOf, newCheckout, nextCommit, OBJECTS } from "./submissions.mjs";
import { atRate, percentile } from "./support.mjs";

/** Every so many submissions one goes into a tree that is looked at: two a second at 500 objects/s. */
const EVERY_TOUCH = 25;
/** And of those, every so many bring the next commit of one of the trees; the others keep their large ones. */
const EVERY_COMMIT = 10;
/** A submitter that is told to come back later does so. */
const MOST_ATTEMPTS = 10;

/** @returns what was sent, what became of it, and the ids of accepted checkouts */
export async function feed(base, { rate, seconds, token, world }) {
  const origin = world.window.origin;
  const trees = world.trees.filter((tree) => tree.origin === origin);
  const { hardware } = await json(`${base}/api/hardware/?${new URLSearchParams(world.window)}`);
  const { issues } = await json(`${base}/api/issue/`);
  const prefix = `load-${process.pid}-`;
  const agent = newAgent(base);
  const headers = { authorization: `Bearer ${token}` };
  const [answers, refused, checkouts] = [[], [], []];
  let touches = 0;
  let putOff = 0;
  const next = (number) => {
    if (number % EVERY_TOUCH !== 0 || trees.length === 0)
      return { ...newCheckout(number, prefix), isCheckout: true };
    const touch = touches++;
    const { platform } = hardware[touch % hardware.length];
    if (touch % EVERY_COMMIT === 0)
      return { ...nextCommit(trees.at(-1), { number, prefix, platform }), isCheckout: true };
    const known = trees.length > 1 ? trees.slice(0, -1) : trees;
    return moreOf(known[touch % known.length], {
      number,
      prefix,
      platform,
      issue: issues[touch % issues.length],
    });
  };
  const count = Math.ceil((rate * seconds) / OBJECTS);
  const started = performance.now();
  await atRate(count, rate / OBJECTS, async (number) => {
    const { id, body, isCheckout } = next(number);
    const sent = performance.now();
    try {
      for (let attempt = 1; ; attempt++) {
        const { status, retryAfter, bytes, encoding } = await exchange(`${base}/submit`, {
          agent,
          headers,
          body,
        });
        if (status === 503 && retryAfter !== undefined && attempt < MOST_ATTEMPTS) {
          putOff++;
          // Not all at the same moment.
          await sleep(Number(retryAfter) * 1000 * (1 + Math.random()));
          continue;
        }
        answers.push(performance.now() - sent);
        if (status !== 200) refused.push(`${status} ${await textOf(bytes, encoding)}`);
        else if (isCheckout) checkouts.push(id);
        return;
      }
    } catch (error) {
      refused.push(error.message);
    }
  });
  const took = (performance.now() - started) / 1000;
  agent.destroy();
  answers.sort((a, b) => a - b);
  return {
    submissions: count,
    objectsPerSecond: (count * OBJECTS) / took,
    intoTreesLookedAt: touches,
    p50: percentile(answers, 0.5),
    p99: percentile(answers, 0.99),
    putOff,
    refused,
    checkouts,
  };
}

/** As a thread: feeds, and tells what became of it. */
if (parentPort !== null && workerData?.task === "feed") {
  const { base, options } = workerData;
  parentPort.postMessage(await feed(base, options));
}

async function json(url) {
  const { bytes, encoding } = await exchange(url);
  return JSON.parse(await textOf(bytes, encoding));
}
