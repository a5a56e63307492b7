/**
 * Emulates the terminal of a job, so that what its screen shows can be reported instead of the sequences that drew it.
 */
import { DeckhandError } from "@deckhand/protocol";
import type { SerializeAddon } from "@xterm/addon-serialize/lib/addon-serialize.mjs";
import type { Terminal as Xterm } from "@xterm/headless";
import type { Screen, Terminal } from "../../jobs.ts";
import type { SerializedScreen } from "../../terminals.ts";
import type { OutputSource } from "../shell-streams.ts";
import { keyNames, keySequence } from "./keys.ts";

/** Bytes that wait to be drawn; beyond that the program is made to wait. */
const maxWaitingBytes = 256 * 1024;

export class TerminalScreen {
  readonly #xterm: Xterm;
  readonly #source: Pick<OutputSource, "pause" | "resume">;
  #waitingBytes = 0;
  readonly #serializer: SerializeAddon | undefined;

  private constructor(
    xterm: Xterm,
    source: Pick<OutputSource, "pause" | "resume">,
    serializer: SerializeAddon | undefined,
  ) {
    this.#xterm = xterm;
    this.#source = source;
    this.#serializer = serializer;
  }

  /**
   * `scrollback`: lines kept after they have left the screen; with 0 the screen cannot be serialized. `reply` gets the
   * terminal's answers to queries of the program, such as the cursor position.
   */
  static async open(
    { rows, columns, scrollback }: Terminal & { readonly scrollback: number },
    source: Pick<OutputSource, "pause" | "resume">,
    reply: (text: string) => void,
  ): Promise<TerminalScreen> {
    // Loaded on demand: 150 KB that few conversations need.
    const { default: xtermjs } = await import("@xterm/headless");
    const xterm = new xtermjs.Terminal({ rows, cols: columns, scrollback, allowProposedApi: true, logLevel: "off" });
    xterm.onData(reply);
    if (scrollback === 0) return new TerminalScreen(xterm, source, undefined);
    const { SerializeAddon: Serializer } = await import("@xterm/addon-serialize/lib/addon-serialize.mjs");
    const serializer = new Serializer();
    xterm.loadAddon(serializer);
    return new TerminalScreen(xterm, source, serializer);
  }

  get size(): Terminal {
    return { rows: this.#xterm.rows, columns: this.#xterm.cols };
  }

  add(bytes: Buffer | string): void {
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes > maxWaitingBytes) this.#source.pause();
    this.#xterm.write(bytes, () => {
      this.#waitingBytes -= bytes.length;
      if (this.#waitingBytes <= maxWaitingBytes) this.#source.resume();
    });
  }

  resize({ rows, columns }: Terminal): void {
    this.#xterm.resize(columns, rows);
  }

  /** The sequence that a key sends. Fails with `bad_tool_args` for an unknown key. */
  key(name: string): string {
    const sequence = keySequence(name, this.#xterm.modes.applicationCursorKeysMode);
    if (sequence === undefined) {
      throw new DeckhandError(
        "bad_tool_args",
        `Unknown key ${name}. Known keys: ${keyNames}. Send text as input instead.`,
      );
    }
    return sequence;
  }

  /** The screen with its scrollback, once all output before this call is drawn. */
  async serialize(): Promise<SerializedScreen> {
    // In the callback, before anything newer is drawn.
    return new Promise((resolve) =>
      this.#xterm.write("", () => resolve({ ...this.size, data: this.#serializer?.serialize() ?? "" })),
    );
  }

  /** What the screen shows once all output so far is drawn. */
  async shown(): Promise<{ readonly output: string; readonly screen: Screen }> {
    await new Promise<void>((resolve) => this.#xterm.write("", resolve));
    const { active } = this.#xterm.buffer;
    const lines = Array.from({ length: this.#xterm.rows }, (_, row) =>
      (active.getLine(active.baseY + row)?.translateToString(true) ?? "").trimEnd(),
    );
    return {
      output: lines.join("\n").trimEnd(),
      screen: {
        ...this.size,
        cursor: { row: active.cursorY, column: active.cursorX },
        alternate: active.type === "alternate",
      },
    };
  }
}
