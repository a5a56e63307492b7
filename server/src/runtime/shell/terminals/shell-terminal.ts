/** A terminal that people watch and type in: the screen as the server renders it, and everyone who renders it, too. */
import type { Terminal } from "../../jobs.ts";
import type { OpenTerminal, SerializedScreen, TerminalListener } from "../../terminals.ts";
import type { BackgroundProcess } from "../jobs/spawn-background.ts";
import { partialEscape } from "./partial-escape.ts";
import type { TerminalScreen } from "./terminal-screen.ts";

/** More input than that was not typed. */
const maxWaitingBytes = 256 * 1024;
/** The end of the output, where a control sequence may be incomplete. */
const tailChars = 1024;
/** Too short for anyone to notice, and a flood of output makes few calls. */
const notifyIntervalMs = 8;

export class ShellTerminal implements OpenTerminal {
  readonly id: string;
  readonly startedAt: number;
  readonly ended: Promise<number>;
  readonly #background: BackgroundProcess;
  readonly #screen: TerminalScreen;
  readonly #listeners = new Set<TerminalListener>();
  readonly #ended = Promise.withResolvers<number>();
  readonly #decoder = new TextDecoder();
  #tail = "";
  /** Printed, but not yet passed to the listeners. */
  #pending = "";
  #timer: NodeJS.Timeout | undefined;
  #hasEnded = false;

  constructor(id: string, startedAt: number, background: BackgroundProcess, screen: TerminalScreen) {
    this.id = id;
    this.startedAt = startedAt;
    this.ended = this.#ended.promise;
    this.#background = background;
    this.#screen = screen;
  }

  get size(): Terminal {
    return this.#screen.size;
  }

  type(text: string): boolean {
    const { input } = this.#background;
    if (this.#hasEnded || input.waitingBytes > maxWaitingBytes) return false;
    input.write(text);
    return true;
  }

  async resize(size: Terminal): Promise<void> {
    const { rows, columns } = this.size;
    if (this.#hasEnded || (size.rows === rows && size.columns === columns)) return;
    this.#notify();
    this.#screen.resize(size);
    for (const listener of this.#listeners) listener.onResize(size);
    await this.#background.resize(size);
  }

  subscribe(listener: TerminalListener): () => void {
    this.#notify();
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async serialize(): Promise<SerializedScreen> {
    this.#notify();
    const partial = partialEscape(this.#tail);
    const screen = await this.#screen.serialize();
    return { ...screen, data: screen.data + partial };
  }

  close(): void {
    this.#background.signal("SIGKILL");
  }

  add(bytes: Buffer): void {
    const text = this.#decoder.decode(bytes, { stream: true });
    if (text === "") return;
    this.#tail = (this.#tail + text).slice(-tailChars);
    this.#screen.add(text);
    this.#pending += text;
    this.#timer ??= setTimeout(() => this.#notify(), notifyIntervalMs);
  }

  end(exitCode: number): void {
    this.#notify();
    this.#hasEnded = true;
    for (const listener of this.#listeners) listener.onEnd(exitCode);
    this.#listeners.clear();
    this.#ended.resolve(exitCode);
  }

  #notify(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const text = this.#pending;
    this.#pending = "";
    if (text !== "") for (const listener of this.#listeners) listener.onOutput(text);
  }
}
