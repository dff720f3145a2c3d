/**
 * Keeps child processes running: starts them, replaces those that end by themselves, restarts all of them one after
 * the other, and stops them. It answers no requests itself, so that nothing keeps it from that.
 *
 * The children of the cluster module share the ports that they listen on: this process accepts connections and hands
 * them out in turn.
 */
import { fork, type ChildProcess } from "node:child_process";
import cluster from "node:cluster";
import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "../log.ts";
import { Child } from "./child_handle.ts";
import type { FromChild } from "./messages.ts";

/** Attempts to start a process before the whole program gives up, when it never ran or when none of its kind runs. */
const START_ATTEMPTS = 3;
/** Pauses before a process is started again, doubled with each failure in a row. */
const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 30_000;
/** A process that ran for so long had not failed to start. */
const WELL_AFTER_MS = 30_000;
/** Failures in a row after which a kind of which no process runs is given up. */
const MAX_FAILURES = 8;

/** The processes cannot be started, or kept running; the message is for the operator. */
export class SupervisorError extends Error {
  override name = "SupervisorError";
}

class StartError extends SupervisorError {
  /** Whether the process told why itself. */
  readonly wasTold: boolean;

  constructor({ name, howItEnded, hasToldWhy }: Child) {
    super(`${name} does not start: ${howItEnded}`);
    this.wasTold = hasToldWhy;
  }
}

/** Processes with the same task. */
export interface Kind {
  name: string;
  count: number;
  /** What the process with this number, from 1 on, is to do. */
  task: (number: number) => unknown;
  /**
   * Whether one that ends by itself is replaced, and a new one may run beside the one whose place it takes. Else there is
   * one at a time, and its end is the end of the program.
   */
  isReplaceable: boolean;
  /** Whether its processes listen on ports, which they share. */
  listens: boolean;
}

export interface SupervisorOptions {
  /** The module that children run. */
  program: string;
  /** Options of Node for them. */
  nodeOptions?: readonly string[];
  kinds: Kind[];
  log: Log;
  /** Called when the program cannot go on. */
  onFatal: (error: Error) => void;
  /** Called with what children tell that is not about their own life. */
  onMessage: (child: Child, message: FromChild) => void;
  /** Called when a child is gone. */
  onGone?: (child: Child) => void;
}

/** The place of one process, whichever has it now. */
interface Place {
  kind: Kind;
  number: number;
  child: Child | undefined;
  /** Failures in a row. */
  failures: number;
}

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #places: Place[];
  readonly #forkOptions: { execArgv: string[]; serialization: "advanced" };
  readonly #stop = new AbortController();
  /** All that run, those that are being replaced included. */
  readonly #children = new Set<Child>();
  #restarting: Promise<void> | undefined;
  #restartAgain = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#places = options.kinds.flatMap((kind) =>
      Array.from({ length: kind.count }, (_, index) => ({
        kind,
        number: index + 1,
        child: undefined,
        failures: 0,
      })),
    );
    this.#forkOptions = {
      execArgv: ["--enable-source-maps", ...(options.nodeOptions ?? [])],
      // Numbers such as NaN stay what they are.
      serialization: "advanced",
    };
    cluster.setupPrimary({ exec: options.program, args: [], ...this.#forkOptions });
  }

  get children(): ReadonlySet<Child> {
    return this.#children;
  }

  /** Starts all processes. @returns where they listen @throws SupervisorError when one of them cannot be started */
  async start(): Promise<string | undefined> {
    const children = await Promise.all(this.#places.map((place) => this.#startFirst(place)));
    return children.map(({ address }) => address).find((address) => address !== undefined);
  }

  /** Puts a new process into each place, one after the other. Asked while it does so, it does so once more. */
  async restart(): Promise<void> {
    if (this.#restarting !== undefined) {
      this.#restartAgain = true;
      return this.#restarting;
    }
    this.#restarting = this.#restartAll().finally(() => {
      this.#restarting = undefined;
    });
    return this.#restarting;
  }

  /** Stops all processes, each after what it is doing. */
  async stop(): Promise<void> {
    this.#stop.abort();
    const ended = [...this.#children].map((child) => {
      child.send({ type: "stop", gently: false });
      return child.ended;
    });
    await Promise.all(ended);
  }

  /** Who does not listen has a session of its own, so that requests need not share the cores of theirs with it (`priority.ts`). */
  #fork({ listens }: Kind): ChildProcess {
    if (listens) return cluster.fork().process;
    const detached = process.platform !== "win32";
    return fork(this.#options.program, [], { ...this.#forkOptions, detached });
  }

  #isStopping(): boolean {
    return this.#stop.signal.aborted;
  }

  async #startFirst(place: Place): Promise<Child> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#startIn(place);
      } catch (error) {
        // What a process says of itself holds for the next one too.
        const isKnown = error instanceof StartError && error.wasTold;
        if (isKnown || attempt >= START_ATTEMPTS || this.#isStopping()) throw error;
        const message = error instanceof Error ? error.message : String(error);
        this.#options.log.warn({ error: message, attempt }, "a process did not start; it is tried again");
        await this.#pause(attempt);
      }
    }
  }

  /** Starts a process and gives it the place once it has begun its work. @throws SupervisorError */
  async #startIn(place: Place): Promise<Child> {
    const { kind, number } = place;
    const child = new Child(
      `${kind.name} ${number}`,
      this.#fork(kind),
      kind.task(number),
      this.#options.onMessage,
    );
    this.#children.add(child);
    void child.ended.then(() => {
      this.#children.delete(child);
      this.#options.onGone?.(child);
    });
    if (!(await child.started))
      throw new SupervisorError(`${child.name} does not start: ${child.howItEnded}`);
    // It may have been started while the others were being told to stop.
    if (this.#isStopping()) child.send({ type: "stop", gently: false });
    place.child = child;
    void child.ended.then(() => this.#onEnd(place, child));
    return child;
  }

  /** A process that held a place has ended. */
  async #onEnd(place: Place, child: Child): Promise<void> {
    if (place.child !== child) return;
    place.child = undefined;
    if (this.#isStopping() || child.isStopping) return;
    const { log, onFatal } = this.#options;
    log.error({ process: child.name, pid: child.pid, reason: child.howItEnded }, "a process ended by itself");
    if (!place.kind.isReplaceable) {
      onFatal(new SupervisorError(`${child.name} ended: ${child.howItEnded}`));
      return;
    }
    place.failures = child.age > WELL_AFTER_MS ? 0 : place.failures + 1;
    await this.#replace(place);
  }

  async #replace(place: Place): Promise<void> {
    const { log, onFatal } = this.#options;
    for (;;) {
      if (place.failures > 0) await this.#pause(place.failures);
      if (this.#isStopping() || place.child !== undefined) return;
      try {
        const child = await this.#startIn(place);
        log.info({ process: child.name, pid: child.pid }, "a process took the place of the one that ended");
        return;
      } catch (error) {
        place.failures++;
        const message = error instanceof Error ? error.message : String(error);
        log.error(
          { error: message, failures: place.failures },
          "a process cannot be started; it is tried again",
        );
        const isLast = !this.#places.some(({ kind, child }) => kind === place.kind && child !== undefined);
        if (isLast && place.failures >= MAX_FAILURES) {
          onFatal(new SupervisorError(`no ${place.kind.name} process can be kept running: ${message}`));
          return;
        }
      }
    }
  }

  async #pause(failures: number): Promise<void> {
    const milliseconds = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1));
    await sleep(milliseconds, undefined, { signal: this.#stop.signal }).catch(() => undefined);
  }

  async #restartAll(): Promise<void> {
    const { log } = this.#options;
    for (;;) {
      this.#restartAgain = false;
      log.info("all processes are restarted, one after the other");
      for (const place of this.#places) {
        if (this.#isStopping()) return;
        try {
          await this.#restartIn(place);
        } catch (error) {
          const message = error instanceof Error ? error.message : String(error);
          log.error({ error: message }, "the restart was given up; the processes that run go on");
          return;
        }
      }
      log.info("all processes were restarted");
      if (!this.#isAskedAgain()) return;
    }
  }

  #isAskedAgain(): boolean {
    return this.#restartAgain;
  }

  async #restartIn(place: Place): Promise<void> {
    const old = place.child;
    // Its replacement is on its way.
    if (old === undefined) return;
    if (place.kind.isReplaceable) {
      await this.#startIn(place);
      old.send({ type: "stop", gently: true });
      await old.ended;
      return;
    }
    old.send({ type: "stop", gently: true });
    await old.ended;
    if (this.#isStopping()) return;
    try {
      await this.#startFirst(place);
    } catch (error) {
      this.#options.onFatal(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
