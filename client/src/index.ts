export { connect, type Client, type ConnectOptions, type SendOptions } from "./connect.ts";
export type { FileData, FileEntry, FilePage, Files, FoundFile, SentFile, StoredUpload, WriteOptions } from "./files.ts";
export type { FollowOptions, Followed } from "./follow.ts";
export type { ConversationRow } from "@deckhand/protocol";
export type {
  ConversationChanges,
  ConversationPage,
  CreateOptions,
  ExportFormat,
  Health,
  Inbox,
  InboxItem,
  Isolation,
  ListOptions,
  NetworkRecord,
  RuntimeCheck,
} from "./http.ts";
export type { ListChange } from "./list-watch.ts";
export type { Status } from "./link.ts";
export type { TerminalLink, Terminals, TerminalWatcher } from "./terminals.ts";
export type { View, ViewSnapshot } from "./view.ts";
