/** HTTP requests, and failures as `DeckhandError`s. */
import { DeckhandError, errorKinds, type ErrorCode } from "@deckhand/protocol";

export interface RequestBody {
  readonly headers?: Readonly<Record<string, string>>;
  readonly data?: string | Uint8Array<ArrayBuffer> | Blob | FormData;
}

/**
 * Fails with a `DeckhandError` that has the code of the server's response, with fetch's own error if the server cannot
 * be reached, and with the signal's reason.
 */
export type SendRequest = (method: string, path: string, body?: RequestBody, signal?: AbortSignal) => Promise<Response>;

export function createRequests(base: URL, token: string | undefined): SendRequest {
  return async (method, path, { headers = {}, data } = {}, signal) => {
    const response = await fetch(new URL(path, base), {
      method,
      headers: { ...headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
      ...(data === undefined ? {} : { body: data }),
      ...(signal === undefined ? {} : { signal }),
    });
    if (!response.ok) throw errorOf(response.status, await response.text());
    return response;
  };
}

export function conversationPath(conversation: string): string {
  return `api/conversations/${encodeURIComponent(conversation)}`;
}

export function bodyOf({ body }: Response): ReadableStream<Uint8Array> {
  return body ?? new Blob([]).stream();
}

function errorOf(status: number, text: string): DeckhandError {
  try {
    const { error } = JSON.parse(text) as { error?: { code?: string; message?: string } };
    if (error?.code !== undefined && Object.hasOwn(errorKinds, error.code)) {
      return new DeckhandError(error.code as ErrorCode, error.message);
    }
  } catch {
    // An error page of a proxy: only the status is usable.
  }
  if (status === 401) return new DeckhandError("unauthorized");
  if (status === 403) return new DeckhandError("forbidden");
  if (status === 404) return new DeckhandError("unknown_conversation");
  return new DeckhandError("internal", `The server responded with status ${status}.`);
}
