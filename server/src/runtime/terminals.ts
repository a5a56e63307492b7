/** Terminals that people type in: an interactive bash beside the conversation's shell, in the same sandbox. */
import type { Terminal } from "./jobs.ts";

export interface NewTerminal extends Terminal {
  /** Chosen by the caller; unique within a conversation. */
  readonly id: string;
}

/** The screen with its scrollback, as output that reproduces it on an empty terminal of the same size. */
export interface SerializedScreen extends Terminal {
  readonly data: string;
}

/** Every method must return immediately. */
export interface TerminalListener {
  /** Raw output, in whole characters. */
  onOutput(text: string): void;
  onResize(size: Terminal): void;
  /** The last call. The exit code is -1 if unknown. */
  onEnd(exitCode: number): void;
}

export interface OpenTerminal {
  readonly id: string;
  readonly size: Terminal;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** False if the program does not read its earlier input; the text is then ignored. */
  type(text: string): boolean;
  resize(size: Terminal): Promise<void>;
  /**
   * Passes on the output that follows a `serialize` called in the same tick. Returns the function that unsubscribes.
   */
  subscribe(listener: TerminalListener): () => void;
  serialize(): Promise<SerializedScreen>;
  /** Kills everything that was started in it. */
  close(): void;
  /** The exit code, -1 if unknown. Never rejects. */
  readonly ended: Promise<number>;
}

export interface Terminals {
  /**
   * Does not wait for commands. Fails with `limit_exceeded` if too many are open, `not_available` if there are no
   * terminals.
   */
  open(terminal: NewTerminal): Promise<OpenTerminal>;
  /** A terminal that has not ended. */
  find(id: string): OpenTerminal | undefined;
}
