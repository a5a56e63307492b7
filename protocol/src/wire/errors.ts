/**
 * The closed list of error codes. A code is what programs branch on; the sentence is for people.
 * `retryable` says that the same request can succeed later without anything being changed.
 * `close` is the WebSocket close code where the failure ends the socket; a client that gets 1013, 4408 or 4429
 * connects again and resumes from its last id, one that gets 4401 or 4403 does not.
 */
interface ErrorKind {
  readonly sentence: string;
  readonly retryable: boolean;
  readonly close?: number;
}

export const errorKinds = {
  // frames and requests
  bad_json: { sentence: "The frame is not JSON.", retryable: false },
  bad_frame: { sentence: "The frame is not an object with an action.", retryable: false },
  unknown_kind: { sentence: "There is no such action.", retryable: false },
  bad_args: { sentence: "The arguments do not fit the action.", retryable: false },
  not_available: { sentence: "This action is defined, but this server cannot do it yet.", retryable: false },
  unknown_agent: { sentence: "There is no agent of that name.", retryable: false },
  unknown_conversation: { sentence: "There is no such conversation.", retryable: false },
  unknown_path: { sentence: "There is nothing at this path.", retryable: false },
  bad_request: { sentence: "The request does not fit what is asked for here.", retryable: false },
  conflict: { sentence: "The conversation has moved on.", retryable: true },
  frame_too_large: { sentence: "The frame is larger than the server takes.", retryable: false, close: 1009 },
  binary_frame: { sentence: "Frames are JSON text, not binary.", retryable: false },
  too_fast: { sentence: "Too many frames in too short a time.", retryable: true, close: 4429 },
  not_reading: { sentence: "The client does not read what it subscribed to.", retryable: true, close: 1013 },
  shutting_down: { sentence: "The server is stopping.", retryable: true, close: 1012 },
  // the door
  unauthorized: { sentence: "A valid token is needed.", retryable: false, close: 4401 },
  forbidden: { sentence: "This host, origin or user may not come in.", retryable: false, close: 4403 },
  // tools
  unknown_tool: { sentence: "There is no tool of that name.", retryable: false },
  bad_tool_args: { sentence: "The arguments do not fit the tool.", retryable: false },
  file_not_found: { sentence: "There is no such file.", retryable: false },
  is_directory: { sentence: "The path is a directory.", retryable: false },
  not_text: { sentence: "The file is not UTF-8 text.", retryable: false },
  file_too_large: { sentence: "The file is larger than the tool takes.", retryable: false },
  outside_workspace: { sentence: "The path is outside the workspace.", retryable: false },
  no_match: { sentence: "The text to replace is not in the file.", retryable: false },
  ambiguous_match: { sentence: "The text to replace is in the file more than once.", retryable: false },
  file_failed: { sentence: "The file could not be read or written.", retryable: false },
  sandbox_unavailable: { sentence: "There is no proven sandbox, so nothing is run.", retryable: false },
  workspace_failed: { sentence: "The workspace could not be made.", retryable: true },
  fetch_refused: { sentence: "The address may not be fetched.", retryable: false },
  fetch_failed: { sentence: "The page could not be fetched.", retryable: true },
  port_closed: { sentence: "Nothing listens on this port of the conversation.", retryable: true },
  no_snapshot: { sentence: "It is not known what the workspace was then.", retryable: false },
  changed_since: { sentence: "Files were changed outside the agent's turns since then.", retryable: false },
  snapshot_failed: {
    sentence: "The workspace could not be looked at as a whole, or not be brought back.",
    retryable: true,
  },
  mcp_unavailable: { sentence: "The MCP server is not there.", retryable: true },
  mcp_timeout: { sentence: "The MCP server did not answer in time.", retryable: true },
  mcp_failed: { sentence: "The MCP server could not do it.", retryable: false },
  claim_not_shown: { sentence: "A command does not show what is claimed.", retryable: true },
  hook_blocked: { sentence: "A hook of the user has stopped the action.", retryable: false },
  delegate_refused: { sentence: "No other agent was given the task.", retryable: false },
  interrupted: { sentence: "The action was stopped before it ended.", retryable: true },
  outcome_unknown: {
    sentence: "The server stopped while the action ran: look at what it did before repeating it.",
    retryable: false,
  },
  // the model
  model_not_configured: { sentence: "No model is configured.", retryable: false },
  model_auth: { sentence: "The model's provider refused the key.", retryable: false },
  model_not_found: { sentence: "The provider has no model of that name.", retryable: false },
  model_rate_limited: { sentence: "The provider limits the rate of requests.", retryable: true },
  model_unavailable: { sentence: "The model could not be reached.", retryable: true },
  model_timeout: { sentence: "The model did not answer in time.", retryable: true },
  model_context_too_long: { sentence: "The conversation is longer than the model can read.", retryable: false },
  model_refused: { sentence: "The model refused to answer.", retryable: false },
  model_empty_reply: { sentence: "The model replied with nothing.", retryable: true },
  model_bad_request: { sentence: "The provider did not accept the request.", retryable: false },
  model_bad_reply: { sentence: "The model's reply could not be understood.", retryable: true },
  // limits and the rest
  limit_steps: { sentence: "The limit on steps is reached.", retryable: false },
  limit_cost: { sentence: "The limit on cost is reached.", retryable: false },
  limit_tokens: { sentence: "The limit on tokens is reached.", retryable: false },
  limit_time: { sentence: "The limit on time is reached.", retryable: false },
  stuck: { sentence: "The agent goes round in a circle, although it was told.", retryable: false },
  store_failed: { sentence: "The event could not be stored.", retryable: true },
  internal: { sentence: "The server made a mistake.", retryable: true },
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof errorKinds;

/** Codes as a list, for schemas. */
export const errorCodes = Object.keys(errorKinds) as [ErrorCode, ...ErrorCode[]];

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
