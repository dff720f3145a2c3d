/** A child process as its supervisor sees it. */
import type { ChildProcess } from "node:child_process";
import { isMessage, type FromChild, type ToChild } from "./messages.ts";

/** A process that has not begun its work after this time never will. */
const START_TIMEOUT_MS = 60_000;

export class Child {
  readonly name: string;
  readonly pid: number | undefined;
  /** Whether it began its work; false when it ended before. */
  readonly started: Promise<boolean>;
  readonly ended: Promise<void>;
  /** Where it listens, once it does. */
  address: string | undefined;
  /** It was told to stop. */
  isStopping = false;
  /** Why it ended, as well as is known. */
  howItEnded = "";
  hasToldWhy = false;
  readonly #process: ChildProcess;
  #exit = "";
  readonly #born = Date.now();

  /** @param process has just been started, with a channel */
  constructor(
    name: string,
    process: ChildProcess,
    task: unknown,
    onMessage: (child: Child, message: FromChild) => void,
  ) {
    this.name = name;
    this.#process = process;
    this.pid = process.pid;
    let begin: (started: boolean) => void;
    this.started = new Promise((resolve) => {
      begin = resolve;
    });
    const timeout = setTimeout(() => {
      this.howItEnded = `it did not begin within ${START_TIMEOUT_MS / 1000} s`;
      this.kill();
    }, START_TIMEOUT_MS);
    this.#process.on("message", (message: unknown) => {
      if (!isMessage(message)) return;
      const told = message as FromChild;
      if (told.type === "here") this.send({ type: "start", task });
      else if (told.type === "started") {
        clearTimeout(timeout);
        this.address = told.address;
        begin(true);
      } else if (told.type === "failed") {
        this.howItEnded = told.message;
        this.hasToldWhy = true;
      } else onMessage(this, told);
    });
    // A channel that breaks while something is sent; the end of the process follows.
    this.#process.on("error", () => undefined);
    // Its last words are read when the channel is closed, which may come after its end.
    const silent = new Promise<void>((resolve) => this.#process.once("disconnect", resolve));
    const exited = new Promise<void>((resolve) => {
      this.#process.once("exit", (code, signal) => {
        clearTimeout(timeout);
        this.#exit = signal ? `it was ended by ${signal}` : `exit code ${code}`;
        resolve();
      });
    });
    this.ended = Promise.all([silent, exited]).then(() => {
      this.howItEnded ||= this.#exit;
      begin(false);
    });
  }

  /** Milliseconds since it was started. */
  get age(): number {
    return Date.now() - this.#born;
  }

  send(message: ToChild): void {
    if (message.type === "stop") this.isStopping = true;
    if (!this.#process.connected) return;
    this.#process.send(message, () => undefined);
  }

  /** Asks for its metrics. */
  ask(id: number): void {
    this.send({ type: "tell metrics", id });
  }

  kill(): void {
    this.#process.kill("SIGKILL");
  }
}
