/** Terminals that people type in: an interactive bash beside the conversation's shell, in the same sandbox. */
import type { Terminal } from "./jobs.ts";

export interface NewTerminal extends Terminal {
  /** What it is called from now on; of the caller's choice, once in a conversation. */
  readonly id: string;
}

/** What an empty terminal of that size has to be given to show the same, with what has scrolled away. */
export interface SerializedScreen extends Terminal {
  readonly data: string;
}

export interface TerminalListener {
  /** What was printed, as it came, in whole characters. Must return at once. */
  onOutput(text: string): void;
  onResize(size: Terminal): void;
  /** The last call. -1: nobody knows. */
  onEnd(exitCode: number): void;
}

export interface OpenTerminal {
  readonly id: string;
  readonly size: Terminal;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** False where the program does not read what it got before; then nothing is taken. */
  type(text: string): boolean;
  resize(size: Terminal): Promise<void>;
  /** What comes after the picture that is asked for in the same moment. Returns what ends it. */
  subscribe(ear: TerminalListener): () => void;
  serialize(): Promise<SerializedScreen>;
  /** Ends it, and all that was started in it. */
  close(): void;
  /** Its exit code, -1 where nobody knows. Never rejects. */
  readonly ended: Promise<number>;
}

export interface Terminals {
  /** Fails with `limit_exceeded` where too many are open, `not_available` where there are no terminals. Waits for no command. */
  open(terminal: NewTerminal): Promise<OpenTerminal>;
  /** One that has not ended. */
  find(id: string): OpenTerminal | undefined;
}
