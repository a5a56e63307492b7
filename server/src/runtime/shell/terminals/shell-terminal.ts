/** A terminal that people watch and type in: its screen as the server draws it, and everybody who draws it too. */
import type { Terminal } from "../../jobs.ts";
import type { OpenTerminal, TerminalListener, SerializedScreen } from "../../terminals.ts";
import type { BackgroundProcess } from "../jobs/spawn-background.ts";
import type { TerminalScreen } from "./terminal-screen.ts";
import { partialEscape } from "./partial-escape.ts";

/** More than that is not meant to be typed. */
const maxWaitingBytes = 256 * 1024;
/** Of the last output, in which a control sequence may be waiting for its end. */
const tailChars = 1024;
/** Nobody sees a difference, and a flood makes few calls. */
const tellEveryMs = 8;

export class ShellTerminal implements OpenTerminal {
  readonly id: string;
  readonly startedAt: number;
  readonly ended: Promise<number>;
  readonly #beside: BackgroundProcess;
  readonly #screen: TerminalScreen;
  readonly #ears = new Set<TerminalListener>();
  readonly #ended = Promise.withResolvers<number>();
  readonly #decoder = new TextDecoder();
  #tail = "";
  /** Printed, and not told yet. */
  #untold = "";
  #teller: NodeJS.Timeout | undefined;
  #hasEnded = false;

  constructor(id: string, startedAt: number, beside: BackgroundProcess, screen: TerminalScreen) {
    this.id = id;
    this.startedAt = startedAt;
    this.ended = this.#ended.promise;
    this.#beside = beside;
    this.#screen = screen;
  }

  get size(): Terminal {
    return this.#screen.size;
  }

  type(text: string): boolean {
    const { input } = this.#beside;
    if (this.#hasEnded || input.waitingBytes > maxWaitingBytes) return false;
    input.write(text);
    return true;
  }

  async resize(size: Terminal): Promise<void> {
    const { rows, columns } = this.size;
    if (this.#hasEnded || (size.rows === rows && size.columns === columns)) return;
    this.#tell();
    this.#screen.resize(size);
    for (const ear of this.#ears) ear.onResize(size);
    await this.#beside.resize(size);
  }

  subscribe(ear: TerminalListener): () => void {
    this.#tell();
    this.#ears.add(ear);
    return () => this.#ears.delete(ear);
  }

  async serialize(): Promise<SerializedScreen> {
    this.#tell();
    const begun = partialEscape(this.#tail);
    const picture = await this.#screen.picture();
    return { ...picture, data: picture.data + begun };
  }

  close(): void {
    this.#beside.signal("SIGKILL");
  }

  add(bytes: Buffer): void {
    const text = this.#decoder.decode(bytes, { stream: true });
    if (text === "") return;
    this.#tail = (this.#tail + text).slice(-tailChars);
    this.#screen.add(text);
    this.#untold += text;
    this.#teller ??= setTimeout(() => this.#tell(), tellEveryMs);
  }

  end(exitCode: number): void {
    this.#tell();
    this.#hasEnded = true;
    for (const ear of this.#ears) ear.onEnd(exitCode);
    this.#ears.clear();
    this.#ended.resolve(exitCode);
  }

  #tell(): void {
    clearTimeout(this.#teller);
    this.#teller = undefined;
    const text = this.#untold;
    this.#untold = "";
    if (text !== "") for (const ear of this.#ears) ear.onOutput(text);
  }
}
