/**
 * The closed list of error codes. Programs branch on the code; the sentence is for people. `retryable` promises that
 * the same request can succeed later without anything being changed first. `close` is the WebSocket close code of a
 * failure that ends the socket: after 1012, 1013 and 4429 a client reconnects and resumes from its last event; after
 * 1009, 4401 and 4403 it does not.
 */
interface ErrorKind {
  readonly sentence: string;
  readonly retryable: boolean;
  readonly close?: number;
}

export const errorKinds = {
  // frames and requests
  bad_json: { sentence: "The frame is not valid JSON.", retryable: false },
  bad_frame: { sentence: "The frame is not an object with an action or a known key.", retryable: false },
  unknown_kind: { sentence: "Unknown action.", retryable: false },
  bad_args: { sentence: "Invalid arguments.", retryable: false },
  not_available: { sentence: "This server does not support the action.", retryable: false },
  unknown_agent: { sentence: "Unknown agent.", retryable: false },
  unknown_conversation: { sentence: "Conversation not found.", retryable: false },
  unknown_path: { sentence: "Not found.", retryable: false },
  bad_request: { sentence: "Invalid request.", retryable: false },
  conflict: {
    sentence: "The request conflicts with the current state. Read it again before deciding what to do.",
    retryable: false,
  },
  already_done: { sentence: "Already done; nothing was changed.", retryable: false },
  busy: { sentence: "Something else is in progress. Try again once it has ended.", retryable: true },
  exists: { sentence: "The name or id is already taken.", retryable: false },
  limit_exceeded: { sentence: "A limit of the server has been reached.", retryable: false },
  frame_too_large: { sentence: "The frame exceeds the maximum size.", retryable: false, close: 1009 },
  binary_frame: { sentence: "Frames must be JSON text, not binary.", retryable: false },
  too_fast: { sentence: "Too many frames in too short a time.", retryable: true, close: 4429 },
  not_reading: { sentence: "The client is not reading what it subscribed to.", retryable: true, close: 1013 },
  shutting_down: { sentence: "The server is shutting down.", retryable: true, close: 1012 },
  // access
  unauthorized: { sentence: "A valid token is required.", retryable: false, close: 4401 },
  forbidden: { sentence: "Access denied for this host, origin or user.", retryable: false, close: 4403 },
  // tools
  unknown_tool: { sentence: "Unknown tool.", retryable: false },
  bad_tool_args: { sentence: "Invalid tool arguments.", retryable: false },
  file_not_found: { sentence: "File not found.", retryable: false },
  is_directory: { sentence: "The path is a directory.", retryable: false },
  not_text: { sentence: "The file is not UTF-8 text.", retryable: false },
  file_too_large: { sentence: "The file is too large.", retryable: false },
  outside_workspace: { sentence: "The path is outside the workspace.", retryable: false },
  no_match: { sentence: "The text to replace was not found in the file.", retryable: false },
  ambiguous_match: { sentence: "The text to replace occurs more than once in the file.", retryable: false },
  file_failed: { sentence: "The file could not be read or written.", retryable: false },
  sandbox_unavailable: { sentence: "Commands are disabled: no verified sandbox is available.", retryable: false },
  workspace_failed: { sentence: "The workspace could not be created.", retryable: true },
  fetch_refused: { sentence: "Access to this address is not allowed.", retryable: false },
  fetch_failed: { sentence: "The page could not be fetched.", retryable: true },
  port_closed: { sentence: "Nothing is listening on this port of the conversation.", retryable: true },
  no_checkpoint: { sentence: "There is no checkpoint for this event.", retryable: false },
  changed_since: { sentence: "Files were changed outside the agent's turns since then.", retryable: false },
  checkpoint_failed: { sentence: "The checkpoint could not be taken or restored.", retryable: true },
  mcp_unavailable: { sentence: "The MCP server is not available.", retryable: true },
  mcp_timeout: { sentence: "The MCP server did not respond in time.", retryable: true },
  mcp_failed: { sentence: "The MCP server reported an error.", retryable: false },
  claim_not_shown: { sentence: "No command shows what is claimed.", retryable: false },
  hook_blocked: { sentence: "A hook blocked the action.", retryable: false },
  delegate_refused: { sentence: "The task was not delegated.", retryable: false },
  interrupted: { sentence: "The action was interrupted.", retryable: true },
  outcome_unknown: {
    sentence: "The server stopped while the action was running. Check its effects before repeating it.",
    retryable: false,
  },
  // the model
  model_not_configured: { sentence: "No model is configured.", retryable: false },
  model_auth: { sentence: "The model provider rejected the API key.", retryable: false },
  model_not_found: { sentence: "The model provider does not know this model.", retryable: false },
  model_rate_limited: { sentence: "The model provider is limiting the request rate.", retryable: true },
  model_unavailable: { sentence: "The model could not be reached.", retryable: true },
  model_timeout: { sentence: "The model did not respond in time.", retryable: true },
  model_context_too_long: { sentence: "The conversation exceeds the model's context window.", retryable: false },
  model_refused: { sentence: "The model declined to answer.", retryable: false },
  model_empty_reply: { sentence: "The model returned an empty reply.", retryable: true },
  model_bad_request: { sentence: "The model provider rejected the request.", retryable: false },
  model_bad_reply: { sentence: "The model's reply could not be parsed.", retryable: true },
  // limits and the rest
  limit_steps: { sentence: "The step limit has been reached.", retryable: false },
  limit_cost: { sentence: "The cost limit has been reached.", retryable: false },
  limit_tokens: { sentence: "The token limit has been reached.", retryable: false },
  limit_time: { sentence: "The time limit has been reached.", retryable: false },
  stuck: { sentence: "The agent is stuck in a loop.", retryable: false },
  store_failed: { sentence: "The event could not be stored.", retryable: true },
  internal: { sentence: "Internal server error.", retryable: true },
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof errorKinds;

/** The codes as a list, for schemas. */
export const errorCodes = Object.keys(errorKinds) as [ErrorCode, ...ErrorCode[]];

/** Codes of the limits at which a turn pauses. */
export const limitCodes = ["limit_steps", "limit_cost", "limit_tokens", "limit_time"] as const satisfies ErrorCode[];
export type LimitCode = (typeof limitCodes)[number];

export function isLimitCode(code: string): code is LimitCode {
  return (limitCodes as readonly string[]).includes(code);
}

/** The one error type that crosses a boundary. Expected outcomes are values; this is for what could not be done. */
export class DeckhandError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message?: string, options?: ErrorOptions) {
    super(message ?? errorKinds[code].sentence, options);
    this.name = "DeckhandError";
    this.code = code;
  }

  get retryable(): boolean {
    return errorKinds[this.code].retryable;
  }
}
