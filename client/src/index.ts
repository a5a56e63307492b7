export { connect, type Client, type ConnectOptions, type SendOptions } from "./connect.ts";
export type { FollowOptions, Followed } from "./conversation/follow.ts";
export type { TerminalConnection, Terminals, TerminalWatcher } from "./conversation/terminals.ts";
export type { View, ViewState } from "./conversation/view.ts";
export type { ExportFormat, HttpApi, ListOptions, ModelTrial } from "./http/api.ts";
export type { FileData, FilesApi, UploadFile, WriteOptions } from "./http/files.ts";
export type { ConnectionStatus } from "./socket/connection.ts";
export type { ListChange } from "./socket/list-subscription.ts";
export type {
  ConversationChanges,
  ConversationPage,
  ConversationRow,
  CreateOptions,
  FileEntry,
  FilePage,
  FoundFile,
  Health,
  Inbox,
  InboxItem,
  Isolation,
  NetworkRecord,
  RuntimeCheck,
  StoredUpload,
} from "@deckhand/protocol";
