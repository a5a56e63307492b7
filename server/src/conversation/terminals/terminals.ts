/**
 * The terminals that people have open in a conversation. The log has that one was opened and that it has closed, and nothing else: what a
 * person does there is not the agent's. A terminal outlives its watchers; one that nobody has watched for half a day is closed.
 */
import {
  DeckhandError,
  observation,
  type ConversationState,
  type NewEvent,
  type TerminalSize,
} from "@deckhand/protocol";
import type { OpenTerminal, Runtime, TerminalEar, TerminalPicture } from "../../runtime/runtime.ts";
import { agreedSize, type Window } from "./agreed-size.ts";

const unwatchedMs = 12 * 3_600_000;

export interface WatchedTerminal {
  /** As long as there is one watcher, its window is the terminal's. */
  watch(ear: TerminalWatcher): TerminalAttachment;
}

export interface TerminalWatcher extends TerminalEar {
  /** How many there are, this one included. */
  watchers(count: number): void;
}

export interface TerminalAttachment {
  /** False where the program does not read; then nothing is taken. */
  type(text: string): boolean;
  resize(size: TerminalSize): void;
  picture(): Promise<TerminalPicture>;
  detach(): void;
}

export interface TerminalsApi {
  /** Fails with `not_available` where there are none here, `conflict` where too many are open, `sandbox_unavailable`. */
  open(size: TerminalSize): Promise<string>;
  /** Undefined for one that is not open; waits for one that is about to be. */
  find(id: string): Promise<WatchedTerminal | undefined>;
  /** Ends it with all that was started in it; resolves when it has ended. False where it is not open. */
  close(id: string): Promise<boolean>;
}

interface TerminalsDeps {
  readonly runtime: () => Promise<Runtime>;
  /** Stores what the function makes of the id of the first event. */
  readonly append: (events: (firstId: number) => readonly NewEvent[]) => Promise<unknown>;
  readonly isClosing: () => boolean;
  readonly onFault: (fault: unknown) => void;
}

export class ConversationTerminals implements TerminalsApi {
  readonly #deps: TerminalsDeps;
  readonly #open = new Map<string, Watched>();
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
      // An id of the conversation's own, so that no restart gives it to another one.
      id = `t${firstId}`;
      // Whoever reads of it in the log may come before it is there.
      this.#opening.set(id, opening.promise);
      return [openedEvent(id)];
    });
    try {
      const terminal = await (await this.#deps.runtime()).terminals.open({ id, rows, columns: cols });
      const watched = new Watched(terminal, () => (this.#typed += 1));
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

  /** How often something was typed: what has changed since may be that person's doing. */
  get typed(): number {
    return this.#typed;
  }

  #ended(id: string, exitCode: number): void {
    this.#open.get(id)?.stop();
    this.#open.delete(id);
    if (this.#deps.isClosing()) return;
    this.#deps.append(() => [closedEvent(id, exitCode)]).catch(this.#deps.onFault);
  }
}

interface Watcher extends Window {
  size: TerminalSize | undefined;
  typedAt: number;
  readonly ear: TerminalWatcher;
}

class Watched implements WatchedTerminal {
  readonly terminal: OpenTerminal;
  readonly #onTyped: () => void;
  readonly #watchers = new Set<Watcher>();
  #typed = 0;
  #unwatched: NodeJS.Timeout | undefined;

  constructor(terminal: OpenTerminal, onTyped: () => void) {
    this.terminal = terminal;
    this.#onTyped = onTyped;
    this.#count();
  }

  watch(ear: TerminalWatcher): TerminalAttachment {
    const watcher: Watcher = { ear, size: undefined, typedAt: 0 };
    const deaf = this.terminal.subscribe(ear);
    this.#watchers.add(watcher);
    this.#count();
    return {
      type: (text) => {
        const isTaken = this.terminal.type(text);
        if (isTaken) this.#onTyped();
        watcher.typedAt = ++this.#typed;
        this.#fit();
        return isTaken;
      },
      resize: (size) => {
        watcher.size = size;
        this.#fit();
      },
      picture: () => this.terminal.serialize(),
      detach: () => {
        deaf();
        this.#watchers.delete(watcher);
        this.#count();
        this.#fit();
      },
    };
  }

  stop(): void {
    clearTimeout(this.#unwatched);
  }

  #fit(): void {
    const size = agreedSize([...this.#watchers]);
    if (size === undefined) return;
    // It ends with its sandbox, and then has no size.
    this.terminal.resize({ rows: size.rows, columns: size.cols }).catch(() => {});
  }

  #count(): void {
    clearTimeout(this.#unwatched);
    const { size } = this.#watchers;
    if (size === 0) this.#unwatched = setTimeout(() => this.terminal.close(), unwatchedMs).unref();
    for (const { ear } of this.#watchers) ear.watchers(size);
  }
}

function openedEvent(id: string): NewEvent {
  return observation("user", "terminal", "A person has opened a terminal.", { terminal: { id, state: "open" } });
}

function closedEvent(id: string, exitCode: number, why = "has closed"): NewEvent {
  return observation("environment", "terminal", `The terminal ${id} ${why}.`, {
    terminal: { id, state: "closed", exit_code: exitCode },
  });
}

/** Those that do not run here any more. */
export function lostTerminalEvents({ terminals }: ConversationState): readonly NewEvent[] {
  return terminals.map(({ id }) => closedEvent(id, -1, "is gone with the sandbox"));
}
