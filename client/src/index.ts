export { connect, type Client, type ConnectOptions, type SendOptions } from "./connect.ts";
export type {
  FileData,
  FileEntry,
  FilePage,
  Files,
  FoundFile,
  UploadFile as SentFile,
  StoredUpload,
  WriteOptions,
} from "./http/files.ts";
export type { FollowOptions, Followed } from "./conversation/follow.ts";
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
} from "./http/api.ts";
export type { ListChange } from "./socket/list-subscription.ts";
export type { ConnectionStatus as Status } from "./socket/connection.ts";
export type { TerminalConnection as TerminalLink, Terminals, TerminalWatcher } from "./conversation/terminals.ts";
export type { View, ViewState as ViewSnapshot } from "./conversation/view.ts";
