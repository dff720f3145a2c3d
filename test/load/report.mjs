/** What load.mjs measured, as tables and as judgements. */
import { BUDGETS, MOST_TIMES_IDLE, THRESHOLDS } from "./budgets.mjs";
import { percentile } from "./support.mjs";

/** The median of each group in milliseconds. */
export function mediansOf({ all }) {
  return Object.fromEntries([...by(all, "group")].map(([group, records]) => [group, line(records, 1).p50]));
}

/** Per scenario and per group: requests, percentiles, statuses, failures. */
export function tables({ all, bytes, ownDelayMs }, seconds) {
  const lines = (name) =>
    Object.fromEntries([...by(all, name)].sort().map(([key, records]) => [key, line(records, seconds)]));
  return {
    seconds,
    total: line(all, seconds),
    megabytesPerSecond: bytes / 1e6 / seconds,
    clientDelayMs: ownDelayMs,
    scenarios: lines("scenario"),
    groups: lines("group"),
    failures: [...new Set(all.flatMap(({ problem }) => problem ?? []))].slice(0, 20),
  };
}

function by(records, name) {
  const parts = new Map();
  for (const record of records) {
    const part = parts.get(record[name]) ?? [];
    parts.set(record[name], part);
    part.push(record);
  }
  return parts;
}

function line(records, seconds) {
  const times = records.map(({ ms }) => ms).sort((a, b) => a - b);
  const statuses = {};
  for (const { status } of records) statuses[status || "none"] = (statuses[status || "none"] ?? 0) + 1;
  return {
    requests: records.length,
    perSecond: records.length / seconds,
    p50: percentile(times, 0.5),
    p95: percentile(times, 0.95),
    p99: percentile(times, 0.99),
    most: times.at(-1) ?? Number.NaN,
    statuses,
    failed: records.filter(({ problem }) => problem !== undefined).length,
  };
}

export function printTable(report) {
  const { clients, think, total, megabytesPerSecond, clientDelayMs } = report;
  console.log(`\n${report.machine}`);
  console.log(
    `${clients} clients that think for ${think} s: ${total.perSecond.toFixed(0)} requests/s, ${megabytesPerSecond.toFixed(1)} MB/s compressed, ` +
      `for ${report.seconds.toFixed(0)} s; the clients' own delay: median ${clientDelayMs.p50.toFixed(1)} ms, p99 ${clientDelayMs.p99.toFixed(1)} ms`,
  );
  for (const [title, lines] of [
    ["scenario", report.scenarios],
    ["route", report.groups],
    ["", { all: total }],
  ]) {
    console.log(
      `\n${title.padEnd(18)} requests   per s     p50     p95     p99      max  failed  statuses (times in ms)`.trimEnd(),
    );
    for (const [name, { requests, perSecond, p50, p95, p99, most, failed, statuses }] of Object.entries(
      lines,
    ))
      console.log(
        `${name.padEnd(18)} ${String(requests).padStart(8)} ${perSecond.toFixed(1).padStart(7)} ${[p50, p95, p99].map((ms) => ms.toFixed(1).padStart(7)).join(" ")} ${most.toFixed(0).padStart(8)} ${String(failed).padStart(7)}  ${shown(statuses)}`,
      );
  }
  for (const failure of report.failures) console.log(`failed: ${failure}`);
}

function shown(statuses) {
  return Object.entries(statuses)
    .map(([status, count]) => `${status}: ${count}`)
    .join(", ");
}

/** What is known only of a server of one's own. */
export function printBudgets({ idle, groups, fed, staleness, memoryMegabytes }) {
  console.log(`\nbare round trip: ${idle.bareMs.toFixed(2)} ms; idle medians of one request after the other`);
  console.log(
    "route              idle, uncached: ms  times bare  budget  cached: ms   load: p99 ms  times bare  budget  times idle  budget",
  );
  for (const [group, { p99 }] of Object.entries(groups)) {
    const { uncached, cached, budget, times } = ratios(group, p99, idle);
    console.log(
      `${group.padEnd(18)} ${uncached.toFixed(2).padStart(18)} ${times.idle.toFixed(1).padStart(11)} ${String(budget.median).padStart(7)} ${cached.toFixed(2).padStart(11)} ${p99.toFixed(1).padStart(14)} ${times.bare.toFixed(0).padStart(11)} ${String(budget.p99).padStart(7)} ${times.own.toFixed(1).padStart(11)} ${String(MOST_TIMES_IDLE).padStart(7)}`,
    );
  }
  if (fed !== undefined)
    console.log(
      `\nsubmissions: ${fed.submissions}, ${fed.objectsPerSecond.toFixed(0)} objects/s, ${fed.intoTreesLookedAt} into trees that are looked at; ` +
        `accepted after ${fed.p50.toFixed(0)} ms (median), ${fed.p99.toFixed(0)} ms (p99); ${fed.putOff} times told to come back later`,
    );
  const { watched, samples, fresh, again, undecided, stale, atRest } = staleness;
  console.log(
    `answers compared with uncached ones: ${samples} in ${watched} watches, ${fresh} fresh, ${again} looked at again because commits went on, ` +
      `${undecided} undecided, ${stale.length} watches with stale ones; at rest ${atRest.compared}, ${atRest.different.length} different`,
  );
  console.log(
    `peak memory: server ${memoryMegabytes.server.join(" + ")} MB, the one without cache ${memoryMegabytes.uncached.join(" + ")} MB`,
  );
}

function ratios(group, p99, { bareMs, uncached, cached }) {
  const own = uncached[group] ?? Number.NaN;
  return {
    uncached: own,
    cached: cached[group] ?? Number.NaN,
    budget: BUDGETS[group],
    times: { idle: own / bareMs, bare: p99 / bareMs, own: p99 / own },
  };
}

/** @returns what is over its budget */
export function judgeBudgets({ idle, groups }) {
  return Object.entries(groups).flatMap(([group, { p99 }]) => {
    const { budget, times } = ratios(group, p99, idle);
    const over = (what, value, most) =>
      value <= most ? [] : [`${group}: ${what} ${value.toFixed(1)}, budget ${most}`];
    return [
      ...over("idle median by the bare round trip", times.idle, budget.median),
      ...over("99th percentile under load by the bare round trip", times.bare, budget.p99),
      ...over("99th percentile under load by its idle median", times.own, MOST_TIMES_IDLE),
    ];
  });
}

/** @returns what is over the limits of any server */
export function judgeThresholds({ scenarios }, { failedShare, p95Ms = THRESHOLDS.p95Ms }) {
  return Object.entries(scenarios).flatMap(([name, { requests, failed, p95 }]) => [
    ...(failed > requests * failedShare ? [`${name}: ${failed} of ${requests} requests failed`] : []),
    ...(p95 >= p95Ms ? [`${name}: 95th percentile ${p95.toFixed(0)} ms, limit ${p95Ms} ms`] : []),
  ]);
}
