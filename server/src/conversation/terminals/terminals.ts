/**
 * The terminals that people have open in a conversation. The log records only that a terminal was opened and closed: what a
 * person does in it is not the agent's work. A terminal outlives its watchers; after half a day without any it is closed.
 */
import {
  DeckhandError,
  observation,
  type ConversationState,
  type NewEvent,
  type TerminalSize,
} from "@deckhand/protocol";
import type { OpenTerminal, Runtime, TerminalListener, SerializedScreen } from "../../runtime/runtime.ts";
import { agreedSize, type Window } from "./agreed-size.ts";

const maxUnwatchedMs = 12 * 3_600_000;

export interface WatchedTerminal {
  /** The terminal takes the window size of its only watcher; for several see `agreedSize`. */
  watch(listener: TerminalWatcher): TerminalAttachment;
}

export interface TerminalWatcher extends TerminalListener {
  /** Called when the number of watchers changes, with the number, this one included. */
  watchers(count: number): void;
}

export interface TerminalAttachment {
  /** Returns false if the program is not reading; then nothing is taken. */
  type(text: string): boolean;
  resize(size: TerminalSize): void;
  picture(): Promise<SerializedScreen>;
  detach(): void;
}

export interface TerminalsApi {
  /** Fails with `not_available` if the runtime has no terminals, `limit_exceeded` if too many are open, `sandbox_unavailable`. */
  open(size: TerminalSize): Promise<string>;
  /** Undefined if it is not open; waits for a terminal that is being opened. */
  find(id: string): Promise<WatchedTerminal | undefined>;
  /** Ends the terminal with all that was started in it; resolves once it has ended, with false if it is not open. */
  close(id: string): Promise<boolean>;
}

interface TerminalsDeps {
  readonly runtime: () => Promise<Runtime>;
  /** Stores what the function returns for the id of the first event. */
  readonly append: (events: (firstId: number) => readonly NewEvent[]) => Promise<unknown>;
  readonly isClosing: () => boolean;
  readonly onFault: (fault: unknown) => void;
}

export class ConversationTerminals implements TerminalsApi {
  readonly #deps: TerminalsDeps;
  readonly #open = new Map<string, SharedTerminal>();
  readonly #opening = new Map<string, Promise<void>>();
  #typed = 0;

  constructor(deps: TerminalsDeps) {
    this.#deps = deps;
  }

  async open({ rows, cols }: TerminalSize): Promise<string> {
    if (this.#deps.isClosing()) throw new DeckhandError("shutting_down");
    let id = "";
    const opening = Promise.withResolvers<void>();
    await this.#deps.append((firstId) => {
      // Derived from the event id, so that it is never reused after a restart.
      id = `t${firstId}`;
      // A client that reads the event may ask for the terminal before it is open.
      this.#opening.set(id, opening.promise);
      return [openedEvent(id)];
    });
    try {
      const terminal = await (await this.#deps.runtime()).terminals.open({ id, rows, columns: cols });
      const watched = new SharedTerminal(terminal, () => (this.#typed += 1));
      this.#open.set(id, watched);
      void terminal.ended.then((code) => this.#ended(id, code));
      return id;
    } catch (error) {
      await this.#deps.append(() => [closedEvent(id, -1, "could not be opened")]);
      throw error;
    } finally {
      this.#opening.delete(id);
      opening.resolve();
    }
  }

  async find(id: string): Promise<WatchedTerminal | undefined> {
    await this.#opening.get(id);
    return this.#open.get(id);
  }

  async close(id: string): Promise<boolean> {
    await this.#opening.get(id);
    const watched = this.#open.get(id);
    watched?.terminal.close();
    await watched?.terminal.ended;
    return watched !== undefined;
  }

  closeAll(): void {
    for (const { terminal } of this.#open.values()) terminal.close();
  }

  /** How often something was typed: later changes of the workspace may be that person's. */
  get typed(): number {
    return this.#typed;
  }

  #ended(id: string, exitCode: number): void {
    this.#open.get(id)?.cancelClose();
    this.#open.delete(id);
    if (this.#deps.isClosing()) return;
    this.#deps.append(() => [closedEvent(id, exitCode)]).catch(this.#deps.onFault);
  }
}

interface Watcher extends Window {
  size: TerminalSize | undefined;
  typedAt: number;
  readonly listener: TerminalWatcher;
}

class SharedTerminal implements WatchedTerminal {
  readonly terminal: OpenTerminal;
  readonly #onTyped: () => void;
  readonly #watchers = new Set<Watcher>();
  #typed = 0;
  #closeTimer: NodeJS.Timeout | undefined;

  constructor(terminal: OpenTerminal, onTyped: () => void) {
    this.terminal = terminal;
    this.#onTyped = onTyped;
    this.#onWatchersChange();
  }

  watch(listener: TerminalWatcher): TerminalAttachment {
    const watcher: Watcher = { listener, size: undefined, typedAt: 0 };
    const unsubscribe = this.terminal.subscribe(listener);
    this.#watchers.add(watcher);
    this.#onWatchersChange();
    return {
      type: (text) => {
        const isTaken = this.terminal.type(text);
        if (isTaken) this.#onTyped();
        watcher.typedAt = ++this.#typed;
        this.#resize();
        return isTaken;
      },
      resize: (size) => {
        watcher.size = size;
        this.#resize();
      },
      picture: () => this.terminal.serialize(),
      detach: () => {
        unsubscribe();
        this.#watchers.delete(watcher);
        this.#onWatchersChange();
        this.#resize();
      },
    };
  }

  cancelClose(): void {
    clearTimeout(this.#closeTimer);
  }

  #resize(): void {
    const size = agreedSize([...this.#watchers]);
    if (size === undefined) return;
    // Fails if the terminal has ended with its sandbox.
    this.terminal.resize({ rows: size.rows, columns: size.cols }).catch(() => {});
  }

  #onWatchersChange(): void {
    clearTimeout(this.#closeTimer);
    const { size } = this.#watchers;
    if (size === 0) this.#closeTimer = setTimeout(() => this.terminal.close(), maxUnwatchedMs).unref();
    for (const { listener } of this.#watchers) listener.watchers(size);
  }
}

function openedEvent(id: string): NewEvent {
  return observation("user", "terminal", "A person opened a terminal.", { terminal: { id, state: "open" } });
}

function closedEvent(id: string, exitCode: number, why = "has closed"): NewEvent {
  return observation("environment", "terminal", `The terminal ${id} ${why}.`, {
    terminal: { id, state: "closed", exit_code: exitCode },
  });
}

/** Closes the terminals that no longer run here. */
export function lostTerminalEvents({ terminals }: ConversationState): readonly NewEvent[] {
  return terminals.map(({ id }) => closedEvent(id, -1, "is gone with the sandbox"));
}
