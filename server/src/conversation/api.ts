/** What sockets and routes may do with conversations; `conversation.ts` and `conversations.ts` do it. */
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
  /** Sent twice, it happens once: the second time the first event is returned. */
  readonly command?: string | undefined;
  /** Key for the model, kept in memory only; with `initialize`. */
  readonly apiKey?: string | undefined;
}

export interface UploadedFile {
  /** In the workspace. */
  readonly path: string;
  readonly sizeBytes: number;
}

export interface ConversationApi {
  readonly id: ConversationId;
  readonly state: ConversationState;
  /**
   * Takes an action from a client: checks its arguments, stores it as `source: user`, and does what it asks. Resolves
   * with the stored event; what comes of it arrives as events. `initialize` and `start` may be given at any time; other
   * actions of a conversation that was never initialised initialise it with the defaults first.
   * Fails with `unknown_kind`, `bad_args`, `unknown_agent`, `conflict`, `store_failed`, and with `unknown_conversation`
   * where it was deleted; then nothing is stored.
   */
  submit(kind: ActionKind | (string & {}), args: unknown, options?: SubmitOptions): Promise<Event>;
  /** Of its commands, since the server started; undefined where they have had none of their own. */
  readonly network: Network | undefined;
  read(after: number, limit: number): Promise<readonly Event[]>;
  follow(after: number, signal: AbortSignal): AsyncIterable<Event>;
  /** Where commands of the conversation run, when its workspace is there. Fails where it cannot be made or nothing may run. */
  runtime(): Promise<Runtime>;
  readonly terminals: TerminalsApi;
  /** Stores that a person has put files into the workspace, not by an action. Resolves with the event. */
  uploaded(files: readonly UploadedFile[]): Promise<Event>;
  /**
   * What is another in the workspace since it was as at event `from` (by default: since the conversation began to work), until event
   * `to` or now. Fails with `no_checkpoint`, `checkpoint_failed`, `sandbox_unavailable`.
   */
  diff(from?: number, to?: number): Promise<WorkspaceDiff>;
  /** The files of the workspace as they were at event `at`. Fails as `diff`. */
  filesAt(at: number): Promise<HistoryFiles>;
  /** The bytes of one of them; where a link led. Fails as `diff`, and with `file_not_found`. */
  fileAt(at: number, path: string): Promise<Uint8Array>;
  /** What the action `restore` would do now. Fails as `diff`. */
  previewRestore(at: number): Promise<RestorePreview>;
  /** What holds its commands back, as it was tried. */
  isolation(): Promise<RuntimeStatus>;
  /** What streams in now, each text from its beginning or its end, as `again`. */
  readonly streaming: readonly Delta[];
  /** Streamed text, from now on; the listener must return at once. Returns what ends it. */
  onDelta(listener: (delta: Delta) => void): () => void;
}

export interface ConversationsApi {
  /** The conversation of that id, made on its first event if there is none yet. */
  open(id: ConversationId): Promise<ConversationApi>;
  exists(id: ConversationId): Promise<boolean>;
  list(options: ListOptions): Promise<readonly ConversationRow[]>;
  row(id: ConversationId): Promise<ConversationRow | undefined>;
  /** What waits for a person, in all of them: what is denied soonest first. At most `limit`. */
  waiting(limit: number): Promise<readonly ConversationRow[]>;
  /** What changes in the list from now on; see `EventStore.followList`. */
  followList(signal: AbortSignal): AsyncIterable<ListChange>;
  rename(id: ConversationId, title: string): Promise<void>;
  mark(id: ConversationId, marks: Marks): Promise<void>;
  /**
   * A new conversation, at rest, with a copy of the events up to `at` (all there are by default). Fails with
   * `unknown_conversation`, and with `bad_args` where there is no such event.
   */
  fork(id: ConversationId, at?: number): Promise<ConversationRow>;
  /** A new conversation, at rest, of these events, which are checked; where they throw nothing is stored. */
  import(events: AsyncIterable<readonly Event[]>, title: string): Promise<ConversationRow>;
  /** The events up to `last`, page by page; fails with `unknown_conversation` when it is deleted meanwhile. */
  pages(id: ConversationId, last: number): AsyncIterable<readonly Event[]>;
  /**
   * Stops what runs, leaves no process, forgets the log, and removes the workspace that was made for it; one that was given stays.
   * The id is not made again. Fails with `conflict` where work in that workspace would be lost, unless `discard` says that it may.
   */
  delete(id: ConversationId, discard?: boolean): Promise<void>;
}
