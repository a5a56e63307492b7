/** For tests: a model that replies from an array, and a tool whose path says how it behaves. */
import { DeckhandError, type ActionKind, type ReplyPart } from "@deckhand/protocol";
import type { Model, ModelRequest } from "../llm/model.ts";
import type { Tool } from "../tools/tool.ts";
import { createAgentFinder, type AgentFinder } from "./agents.ts";

export type Reply = readonly ReplyPart[] | Error;

export const text = (content: string): ReplyPart => ({ type: "text", text: content });

/** A tool call; a string stands for the arguments exactly as the model wrote them. */
export const call = (name: string, args: object | string, id = name): ReplyPart => ({
  type: "call",
  id,
  name,
  arguments: typeof args === "string" ? args : JSON.stringify(args),
});

export interface ArrayModel extends Model {
  /** Number of messages in each request so far. */
  readonly requestLengths: number[];
}

/** Replies in the order of the array, or with what the function returns; `before` runs before each reply. */
export function arrayModel(
  replies: readonly Reply[] | ((request: ModelRequest) => Reply),
  before: (request: ModelRequest, signal: AbortSignal) => Promise<void> | void = () => {},
): ArrayModel {
  const requestLengths: number[] = [];
  return {
    name: "array",
    takesImages: false,
    requestLengths,
    async *reply(request, signal) {
      requestLengths.push(request.messages.length);
      await before(request, signal);
      const reply = typeof replies === "function" ? replies(request) : replies[requestLengths.length - 1];
      if (reply === undefined) throw new Error("no replies left in the array");
      if (reply instanceof Error) throw reply;
      yield { type: "delta", delta: { of: "reply", text: "…" } };
      return {
        parts: reply,
        finishReason: "stop",
        usage: { input: 10, output: 1, cached_input: 0, cache_write: 0, reasoning: 0 },
        costUsd: 0.25,
        firstTokenMs: 1,
      };
    },
  };
}

/** Rejects with the signal's reason when it aborts. */
export function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

const readTool: Tool<"read"> = {
  action: "read",
  description: "The path is one of throw, bug, wait (until stopped), ignores-stop, or a file.",
  modelArgs: ["path"],
  effect: () => "read",
  async *run(args, { signal, id }) {
    if (args.path === "throw") throw new DeckhandError("file_not_found");
    if (args.path === "bug") throw new TypeError("our bug");
    if (args.path === "wait") await untilAborted(signal);
    if (args.path === "ignores-stop") await new Promise(() => {});
    yield { of: id, text: "…" };
    return { observation: "read", content: `content of ${args.path}`, extras: { path: args.path } };
  },
};

/** All tools behave like `read`; only `read` and `search` run in parallel. */
export const testTools: ReadonlyMap<ActionKind, Tool> = new Map(
  (["run", "job", "read", "write", "edit", "search", "browse", "plan"] as const).map((kind) => [
    kind,
    { ...readTool, action: kind, isParallelSafe: () => kind === "read" || kind === "search" } as unknown as Tool,
  ]),
);

export const findTestAgent: AgentFinder = createAgentFinder(testTools);
