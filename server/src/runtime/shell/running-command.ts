/** One command in a shell, until it has told its end or its bash has ended. */
import type { ShellProcess } from "./shell-process.ts";
import type { Asked, ProcessBaseline, ProcessHost } from "./process-host.ts";
import { interrupt } from "./interrupt.ts";
import { killTree } from "./kill-tree.ts";
import type { OutputBuffer } from "./output/output-buffer.ts";

export type CommandEnd = { readonly how: "done" | "shell_exit"; readonly code: number };

/** Signals that ask to end. */
const endings: ReadonlySet<NodeJS.Signals> = new Set(["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"]);

export class RunningCommand {
  readonly process: ShellProcess;
  readonly number: number;
  readonly output: OutputBuffer;
  readonly startedMs = performance.now();
  readonly startedAt = Date.now();
  /** Never rejects. */
  readonly end: Promise<CommandEnd>;
  readonly #box: ProcessHost;
  readonly #before: Asked<ProcessBaseline>;
  readonly #end = Promise.withResolvers<CommandEnd>();
  #ended = false;
  /** What it had started when it went on as a job. Of what leaves its tree later nobody can say that it was its. */
  #left: Promise<readonly number[]> | undefined;

  constructor(box: ProcessHost, bash: ShellProcess, count: number, output: OutputBuffer) {
    this.process = bash;
    this.number = count;
    this.output = output;
    this.end = this.#end.promise;
    this.#box = box;
    this.#before = box.baseline(bash.pid, count);
  }

  /** When it may begin: what is there already has been looked at. */
  get looked(): Asked<unknown> {
    return this.#before;
  }

  get ended(): boolean {
    return this.#ended;
  }

  get durationMs(): number {
    return performance.now() - this.startedMs;
  }

  over(end: CommandEnd): void {
    this.#ended = true;
    this.#end.resolve(end);
  }

  /** Resolves when nothing of it is left, or when nothing more can be done. */
  interrupt(): Promise<void> {
    return interrupt({ bash: this.process, ended: () => this.#ended, started: () => this.#started() }, this.#box);
  }

  /** It goes on beside later commands. */
  leave(): void {
    this.#left = this.#started();
  }

  /** To what it started. One that asks to end, or kills, ends the rest of the list too. */
  signal(name: NodeJS.Signals): void {
    const shell = this.#ended || this.process.pid === undefined ? [] : [this.process.pid];
    if (name === "SIGKILL") return void killTree(async () => [...shell, ...(await this.#started())], this.#box);
    if (endings.has(name)) this.#box.signal(shell, "SIGUSR1");
    void this.#started().then((started) => this.#box.signal(started, name));
  }

  async #started(): Promise<readonly number[]> {
    const { pid } = this.process;
    const left = this.#left;
    const before = await this.#before;
    if (left === undefined) return this.#box.startedSince(before, pid);
    const below = await this.#box.startedSince(before, pid, "below");
    const trees = await Promise.all((await left).map(async (each) => this.#box.treeOf(each)));
    return [...new Set([...below, ...trees.flat()])];
  }
}
