/** The screen of a job that has a terminal, so that what is shown can be told instead of how it was drawn. */
import { DeckhandError } from "@deckhand/protocol";
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

  private constructor(xterm: Xterm, pipe: Pick<Pipe, "pause" | "resume">) {
    this.#xterm = xterm;
    this.#pipe = pipe;
  }

  /** `answer`: programs ask a terminal where its cursor is and what it can do. */
  static async open(
    { rows, columns }: Terminal,
    pipe: Pick<Pipe, "pause" | "resume">,
    answer: (text: string) => void,
  ): Promise<TerminalScreen> {
    // 150 KB that few conversations need.
    const { default: xtermjs } = await import("@xterm/headless");
    const xterm = new xtermjs.Terminal({ rows, cols: columns, scrollback: 0, allowProposedApi: true, logLevel: "off" });
    xterm.onData(answer);
    return new TerminalScreen(xterm, pipe);
  }

  get size(): Terminal {
    return { rows: this.#xterm.rows, columns: this.#xterm.cols };
  }

  add(bytes: Buffer): void {
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
