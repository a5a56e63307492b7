export { connect, type Client, type ConnectOptions, type SendOptions } from "./connect.ts";
export type { FileData, FileEntry, FilePage, Files, SentFile, StoredUpload, WriteOptions } from "./files.ts";
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
  ListOptions,
} from "./http.ts";
export type { ListChange } from "./list-watch.ts";
export type { Status } from "./link.ts";
export type { View, ViewSnapshot } from "./view.ts";
