/** One command in a shell, until it has told its end or its bash has ended. */
import type { Bash } from "./bash.ts";
import type { Before, Box } from "./box.ts";
import { interrupt } from "./interrupt.ts";
import { killAll } from "./kill-all.ts";
import type { Output } from "./output/output.ts";

export type CommandEnd = { readonly how: "done" | "shell_exit"; readonly code: number };

/** Signals that ask to end. */
const endings: ReadonlySet<NodeJS.Signals> = new Set(["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"]);

export class Command {
  readonly bash: Bash;
  readonly count: number;
  readonly output: Output;
  readonly startedMs = performance.now();
  readonly startedAt = Date.now();
  /** Never rejects. */
  readonly end: Promise<CommandEnd>;
  readonly #box: Box;
  readonly #before: Before;
  readonly #end = Promise.withResolvers<CommandEnd>();
  #ended = false;
  /** What it had started when it went on as a job. Of what leaves its tree later nobody can say that it was its. */
  #left: readonly number[] | undefined;

  constructor(box: Box, bash: Bash, count: number, output: Output) {
    this.bash = bash;
    this.count = count;
    this.output = output;
    this.end = this.#end.promise;
    this.#box = box;
    this.#before = box.before(bash.pid, count);
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
    return interrupt({ bash: this.bash, ended: () => this.#ended, started: () => this.#started() }, this.#box);
  }

  /** It goes on beside later commands. */
  leave(): void {
    this.#left = this.#started();
  }

  /** To what it started. One that asks to end, or kills, ends the rest of the list too. */
  signal(name: NodeJS.Signals): void {
    const shell = this.#ended || this.bash.pid === undefined ? [] : [this.bash.pid];
    if (name === "SIGKILL") return void killAll(() => [...shell, ...this.#started()], this.#box);
    if (endings.has(name)) this.#box.signal(shell, "SIGUSR1");
    this.#box.signal(this.#started(), name);
  }

  #started(): readonly number[] {
    const { pid } = this.bash;
    if (this.#left === undefined) return this.#box.startedSince(this.#before, pid);
    const below = this.#box.startedSince(this.#before, pid, "below");
    return [...new Set([...below, ...this.#left.flatMap((each) => this.#box.treeOf(each))])];
  }
}
