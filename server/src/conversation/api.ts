/** What sockets and routes can do with conversations; implemented by `conversation.ts` and `conversations.ts`. */
import type {
  ActionKind,
  ConversationState,
  Delta,
  Event,
  HistoryFiles,
  RestorePreview,
  WorkspaceDiff,
} from "@deckhand/protocol";
import type { TerminalsApi } from "./terminals/terminals.ts";
import type { Network, Runtime, RuntimeStatus } from "../runtime/runtime.ts";
import type { ConversationId, ConversationRow, ListChange, ListOptions, Marks } from "../store/event-store.ts";

export type { TerminalAttachment, WatchedTerminal } from "./terminals/terminals.ts";
export type { ConversationRow, ListChange, Marks, Network, RuntimeStatus };

export interface SubmitOptions {
  /** A command that is sent twice happens once: the second time its first event is returned. */
  readonly command?: string | undefined;
  /** API key for the model, sent with `initialize`. Kept in memory only. */
  readonly apiKey?: string | undefined;
}

export interface UploadedFile {
  /** Relative to the workspace. */
  readonly path: string;
  readonly sizeBytes: number;
}

export interface ConversationApi {
  readonly id: ConversationId;
  readonly state: ConversationState;
  /**
   * Takes an action from a client: validates its arguments, stores it as `source: user`, and applies it. Resolves with the
   * stored event; its effects follow as events. If the conversation was never initialised, any action other than
   * `initialize` first initialises it with the defaults.
   * Fails with `unknown_kind`, `bad_args`, `unknown_agent`, `conflict`, `store_failed`, and with `unknown_conversation`
   * where it was deleted; then nothing is stored.
   */
  submit(kind: ActionKind | (string & {}), args: unknown, options?: SubmitOptions): Promise<Event>;
  /** The network of its commands, since the server started; undefined if they have not had one of their own. */
  readonly network: Network | undefined;
  read(after: number, limit: number): Promise<readonly Event[]>;
  follow(after: number, signal: AbortSignal): AsyncIterable<Event>;
  /** Where its commands run; creates the workspace if needed. Fails if that fails or if commands are disabled. */
  runtime(): Promise<Runtime>;
  readonly terminals: TerminalsApi;
  /** Records that a person has put files into the workspace by other means than an action. Resolves with the event. */
  uploaded(files: readonly UploadedFile[]): Promise<Event>;
  /**
   * What changed in the workspace between event `from` (by default: the start of the work) and event `to`, or the present. Fails with `no_checkpoint`, `checkpoint_failed`, `sandbox_unavailable`.
   */
  diff(from?: number, to?: number): Promise<WorkspaceDiff>;
  /** The files of the workspace as they were at event `at`. Fails as `diff`. */
  filesAt(at: number): Promise<HistoryFiles>;
  /** The content of one of them; for a link, its target. Fails as `diff`, and with `file_not_found`. */
  fileAt(at: number, path: string): Promise<Uint8Array>;
  /** What the action `restore` would do now. Fails as `diff`. */
  previewRestore(at: number): Promise<RestorePreview>;
  /** The isolation of its commands, with the results of its self-test. */
  isolation(): Promise<RuntimeStatus>;
  /** What streams in now, each text from its beginning or its end, as `again`. */
  readonly streaming: readonly Delta[];
  /** Streamed text, from now on; the listener must return at once. Returns a function that unsubscribes it. */
  onDelta(listener: (delta: Delta) => void): () => void;
}

export interface ConversationsApi {
  /** The conversation of that id; it is created by its first event. */
  open(id: ConversationId): Promise<ConversationApi>;
  exists(id: ConversationId): Promise<boolean>;
  list(options: ListOptions): Promise<readonly ConversationRow[]>;
  row(id: ConversationId): Promise<ConversationRow | undefined>;
  /** Conversations that wait for a person, the earliest deadline first. At most `limit`. */
  waiting(limit: number): Promise<readonly ConversationRow[]>;
  /** Changes of the list, from now on; see `EventStore.followList`. */
  followList(signal: AbortSignal): AsyncIterable<ListChange>;
  rename(id: ConversationId, title: string): Promise<void>;
  mark(id: ConversationId, marks: Marks): Promise<void>;
  /**
   * A new conversation, at rest, with a copy of the events up to `at` (by default all). Fails with
   * `unknown_conversation`, and with `bad_args` if there is no such event.
   */
  fork(id: ConversationId, at?: number): Promise<ConversationRow>;
  /** A new conversation, at rest, of these validated events; if iterating them fails, nothing is stored. */
  import(events: AsyncIterable<readonly Event[]>, title: string): Promise<ConversationRow>;
  /** The events up to `last`, page by page; fails with `unknown_conversation` if it is deleted meanwhile. */
  pages(id: ConversationId, last: number): AsyncIterable<readonly Event[]>;
  /**
   * Stops what runs, leaves no process, deletes the log, and removes the workspace if it was created for the conversation. The
   * id is not reused. Fails with `conflict` if unsaved work in that workspace would be lost, unless `discard` is set.
   */
  delete(id: ConversationId, discard?: boolean): Promise<void>;
}
