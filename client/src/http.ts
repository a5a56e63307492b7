/** The HTTP side, typed: the list of conversations and how the server is. */
import { DeckhandError, errorKinds, type AgentState, type ErrorCode, type Settings } from "@deckhand/protocol";

export interface ConversationRow {
  readonly id: string;
  readonly title: string;
  readonly agent_state: AgentState | null;
  /** ISO 8601. */
  readonly created_at: string;
  readonly updated_at: string;
  /** Id of the last event; -1 for none. */
  readonly head: number;
  readonly cost_usd: number;
}

/** Newest first. `next` is the `after` of the page that follows, null on the last one. */
export interface ConversationPage {
  readonly conversations: readonly ConversationRow[];
  readonly next: string | null;
}

export interface ListOptions {
  /** Only conversations that come after this one in the list. */
  readonly after?: string;
  /** At most 100. */
  readonly limit?: number;
  /** Part of the title. */
  readonly query?: string;
}

export interface CreateOptions {
  /** Made by the server when left out. */
  readonly id?: string;
  /** The first task; without one the conversation waits for its first message. */
  readonly task?: string;
  /** As the `args` of `initialize`. */
  readonly settings?: Settings;
}

export interface Health {
  readonly status: string;
  readonly version: string;
  /** `demo`: the model is scripted and says so. */
  readonly model: { readonly name: string; readonly demo: boolean };
  /** `sentence`: what was proven of the sandbox, or why nothing runs. */
  readonly runtime: { readonly kind: string; readonly proven: boolean; readonly sentence: string };
}

export interface Http {
  list(options?: ListOptions, signal?: AbortSignal): Promise<ConversationPage>;
  create(options?: CreateOptions, signal?: AbortSignal): Promise<ConversationRow>;
  rename(conversation: string, title: string, signal?: AbortSignal): Promise<void>;
  delete(conversation: string, signal?: AbortSignal): Promise<void>;
  health(signal?: AbortSignal): Promise<Health>;
}

/**
 * Calls fail with a `DeckhandError` that has the code of the server's answer; with fetch's own error when the server
 * cannot be reached, and with the signal's reason.
 */
export function httpCalls(base: URL, token: string | undefined): Http {
  const call = async (method: string, path: string, body?: object, signal?: AbortSignal): Promise<unknown> => {
    const response = await fetch(new URL(path, base), {
      method,
      headers: {
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
    const text = await response.text();
    if (!response.ok) throw failure(response.status, text);
    return text === "" ? undefined : JSON.parse(text);
  };
  return {
    list: async ({ after, limit = 50, query } = {}, signal) => {
      const search = new URLSearchParams({ limit: String(limit) });
      if (after !== undefined) search.set("after", after);
      if (query !== undefined && query !== "") search.set("q", query);
      return (await call("GET", `api/conversations?${search.toString()}`, undefined, signal)) as ConversationPage;
    },
    create: async (options = {}, signal) =>
      (await call("POST", "api/conversations", options, signal)) as ConversationRow,
    rename: async (conversation, title, signal) => {
      await call("PATCH", one(conversation), { title }, signal);
    },
    delete: async (conversation, signal) => {
      await call("DELETE", one(conversation), undefined, signal);
    },
    health: async (signal) => (await call("GET", "api/health", undefined, signal)) as Health,
  };
}

function one(conversation: string): string {
  return `api/conversations/${encodeURIComponent(conversation)}`;
}

function failure(status: number, text: string): DeckhandError {
  try {
    const { error } = JSON.parse(text) as { error?: { code?: string; message?: string } };
    if (error?.code !== undefined && Object.hasOwn(errorKinds, error.code)) {
      return new DeckhandError(error.code as ErrorCode, error.message);
    }
  } catch {
    // A proxy's page; the status has to do.
  }
  if (status === 401) return new DeckhandError("unauthorized");
  if (status === 403) return new DeckhandError("forbidden");
  if (status === 404) return new DeckhandError("unknown_conversation");
  return new DeckhandError("internal", `The server answered with status ${status}.`);
}
