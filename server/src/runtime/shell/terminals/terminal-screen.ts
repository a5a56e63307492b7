/** The screen of a job that has a terminal, so that what is shown can be told instead of how it was drawn. */
import { DeckhandError } from "@deckhand/protocol";
import type { SerializeAddon } from "@xterm/addon-serialize/lib/addon-serialize.mjs";
import type { Terminal as Xterm } from "@xterm/headless";
import type { Screen, Terminal } from "../../jobs.ts";
import type { Pipe } from "../pipe.ts";
import { keyNames, keySequence } from "./keys.ts";

/** Bytes that wait to be drawn; at more the program has to wait. */
const maxWaitingBytes = 256 * 1024;

export class TerminalScreen {
  readonly #xterm: Xterm;
  readonly #pipe: Pick<Pipe, "pause" | "resume">;
  #waitingBytes = 0;
  readonly #serializer: SerializeAddon | undefined;

  private constructor(xterm: Xterm, pipe: Pick<Pipe, "pause" | "resume">, serializer: SerializeAddon | undefined) {
    this.#xterm = xterm;
    this.#pipe = pipe;
    this.#serializer = serializer;
  }

  /** `scrollback`: lines that are kept when they have left the screen; 0 where no picture is wanted. `answer`: programs ask a terminal where its cursor is and what it can do. */
  static async open(
    { rows, columns, scrollback }: Terminal & { readonly scrollback: number },
    pipe: Pick<Pipe, "pause" | "resume">,
    answer: (text: string) => void,
  ): Promise<TerminalScreen> {
    // 150 KB that few conversations need.
    const { default: xtermjs } = await import("@xterm/headless");
    const xterm = new xtermjs.Terminal({ rows, cols: columns, scrollback, allowProposedApi: true, logLevel: "off" });
    xterm.onData(answer);
    if (scrollback === 0) return new TerminalScreen(xterm, pipe, undefined);
    const { SerializeAddon: Serializer } = await import("@xterm/addon-serialize/lib/addon-serialize.mjs");
    const serializer = new Serializer();
    xterm.loadAddon(serializer);
    return new TerminalScreen(xterm, pipe, serializer);
  }

  get size(): Terminal {
    return { rows: this.#xterm.rows, columns: this.#xterm.cols };
  }

  add(bytes: Buffer | string): void {
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes > maxWaitingBytes) this.#pipe.pause();
    this.#xterm.write(bytes, () => {
      this.#waitingBytes -= bytes.length;
      if (this.#waitingBytes <= maxWaitingBytes) this.#pipe.resume();
    });
  }

  resize({ rows, columns }: Terminal): void {
    this.#xterm.resize(columns, rows);
  }

  /** Fails with `bad_tool_args` for a key that there is none of. */
  key(name: string): string {
    const sequence = keySequence(name, this.#xterm.modes.applicationCursorKeysMode);
    if (sequence === undefined) {
      throw new DeckhandError("bad_tool_args", `There is no key ${name}. There are ${keyNames}; text goes as input.`);
    }
    return sequence;
  }

  /** What an empty terminal of the size has to be given to show what is shown once all that came before this call is drawn. */
  async picture(): Promise<Terminal & { readonly data: string }> {
    const draw = (): Terminal & { readonly data: string } => ({
      ...this.size,
      data: this.#serializer?.serialize() ?? "",
    });
    // In the callback: what is drawn next comes after the picture.
    return new Promise((resolve) => this.#xterm.write("", () => resolve(draw())));
  }

  /** When all that came so far is drawn. */
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
