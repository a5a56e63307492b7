/** Errors as HTTP responses: always `{"error": {code, message, retryable}}`, with a status derived from the code. */
import { DeckhandError, errorKinds, type ErrorCode } from "@deckhand/protocol";

export type ErrorStatus = 400 | 401 | 403 | 404 | 409 | 413 | 415 | 429 | 500 | 501 | 502 | 503;

export interface ErrorBody {
  readonly error: { readonly code: ErrorCode; readonly message: string; readonly retryable: boolean };
}

export function errorBody(code: ErrorCode, message: string = errorKinds[code].sentence): ErrorBody {
  return { error: { code, message, retryable: errorKinds[code].retryable } };
}

/** Unexpected errors are reported as `internal` without details, which may contain secrets. */
export function errorResponse(error: unknown): { readonly status: ErrorStatus; readonly body: ErrorBody } {
  if (!(error instanceof DeckhandError)) return { status: 500, body: errorBody("internal") };
  return { status: statusOf(error.code), body: errorBody(error.code, error.message) };
}

export function statusOf(code: ErrorCode): ErrorStatus {
  switch (code) {
    case "bad_json":
    case "bad_frame":
    case "bad_args":
    case "bad_request":
    case "binary_frame":
    case "unknown_kind":
    case "unknown_agent":
    case "is_directory":
      return 400;
    case "unauthorized":
      return 401;
    case "forbidden":
    case "outside_workspace":
      return 403;
    case "unknown_conversation":
    case "unknown_path":
    case "file_not_found":
    case "no_checkpoint":
      return 404;
    case "port_closed":
    case "mcp_failed":
      return 502;
    case "conflict":
    case "already_done":
    case "busy":
    case "exists":
    case "limit_exceeded":
    case "changed_since":
      return 409;
    case "frame_too_large":
    case "file_too_large":
      return 413;
    case "too_fast":
      return 429;
    case "not_available":
      return 501;
    case "shutting_down":
    case "store_failed":
    case "checkpoint_failed":
    case "sandbox_unavailable":
    case "workspace_failed":
      return 503;
    default:
      // Codes of tools and models belong in the log and are not expected in a response.
      return 500;
  }
}
