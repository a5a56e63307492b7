/** From a call in the model's reply to an event, and from a runnable action to its observation. */
import { z } from "zod";
import {
  action,
  actionArgs,
  DeckhandError,
  errorObservation,
  observation,
  type ActionKind,
  type AgentState,
  type Delta,
  type NewAction,
  type NewObservation,
  type PendingCall,
  type ReplyPart,
  type ServerTool,
  type ToolCall,
} from "@deckhand/protocol";
import type { AnyOutcome, Tool, ToolContext } from "../../tools/tool.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { Agent } from "../agents.ts";
import { normalizePatchCall } from "../apply-patch.ts";

export type PreparedCall =
  /** Not a tool, or not its arguments: the model is told what to send instead. */
  | { readonly type: "refused"; readonly event: NewObservation<"error"> }
  /** Nothing to run: a thought, a message on the way. */
  | { readonly type: "noted"; readonly event: NewAction }
  | {
      readonly type: "ends";
      readonly event: NewAction;
      readonly state: Extract<AgentState, "finished" | "rejected" | "awaiting_user_input">;
    }
  | { readonly type: "runnable"; readonly event: NewAction; readonly tool: Tool; readonly origin: ToolCall };

/** What can be said of a call without doing it. The same call gives the same answer each time. */
export function prepareCall(given: PendingCall, agent: Agent, thought = ""): PreparedCall {
  const call = normalizePatchCall(given);
  const origin: ToolCall = { reply: call.reply, id: call.id };
  const refuse = (code: "unknown_tool" | "bad_tool_args", why: string): PreparedCall => ({
    type: "refused",
    event: errorObservation("agent", code, why, { tool_call: origin }),
  });
  const foreign = agent.serverTools?.get(call.name);
  const known = foreign !== undefined || agent.toolNames.includes(call.name as ActionKind);
  if (!known) {
    return refuse(
      "unknown_tool",
      `Tool ${call.name} is not registered. (arguments: ${call.arguments}). Please check the tool name and retry with an existing tool.`,
    );
  }
  const kind = foreign === undefined ? (call.name as ActionKind) : "call_tool";
  const parsed =
    foreign === undefined ? parseArguments(kind, call.arguments) : foreignArguments(foreign, call.arguments);
  if ("why" in parsed) return refuse("bad_tool_args", parsed.why);
  const event = action("agent", kind, withThought(parsed.args, thought) as never, { tool_call: origin });
  if (event.action === "finish") return { type: "ends", event, state: "finished" };
  if (event.action === "reject") return { type: "ends", event, state: "rejected" };
  if (event.action === "message" && event.args.wait_for_response) {
    return { type: "ends", event, state: "awaiting_user_input" };
  }
  const tool = agent.tools.get(kind);
  return tool === undefined ? { type: "noted", event } : { type: "runnable", event, tool, origin };
}

/** Started at the first need; what else has to be over before this action begins is waited for. Fails with the signal's reason. */
export type AcquireRuntime = (action?: NewAction, signal?: AbortSignal) => Promise<Runtime>;

/** Milliseconds that a tool has to end after a stop before it is left behind. */
const stopGraceMs = 800;

export interface Answered {
  readonly event: NewObservation;
  /** A mistake of ours: the observation is stored, then the turn ends. */
  readonly bug?: unknown;
}

/** Runs the action's tool and makes its one observation, whatever happens. */
export async function* runTool(
  call: { readonly event: NewAction; readonly tool: Tool; readonly origin?: ToolCall },
  context: Omit<ToolContext, "runtime"> & { readonly runtime: AcquireRuntime },
): AsyncGenerator<Delta, Answered> {
  const origin = { cause: context.id, ...(call.origin === undefined ? {} : { tool_call: call.origin }) };
  const { source } = call.event;
  const stopped = abortedFor(context.signal, stopGraceMs);
  try {
    context.signal.throwIfAborted();
    const runtime = await context.runtime(call.event, context.signal);
    context.signal.throwIfAborted();
    const running = call.tool.run(call.event.args as never, { ...context, runtime, forAgent: source === "agent" });
    while (true) {
      const next = await Promise.race([running.next(), stopped.promise]);
      if (next === "stopped") {
        // The tool ignores the stop; what it still does has no place in the log.
        running.return(undefined as never).catch(() => {});
        return { event: errorObservation(source, "interrupted", undefined, origin) };
      }
      if (next.done) return { event: fromOutcome(source, next.value, origin) };
      yield next.value;
    }
  } catch (error) {
    if (context.signal.aborted) return { event: errorObservation(source, "interrupted", undefined, origin) };
    if (error instanceof DeckhandError) return { event: errorObservation(source, error.code, error.message, origin) };
    return { event: errorObservation(source, "internal", undefined, origin), bug: error };
  } finally {
    stopped.forget();
  }
}

function fromOutcome(
  source: NewAction["source"],
  outcome: AnyOutcome,
  origin: { cause: number; tool_call?: ToolCall },
): NewObservation {
  return observation(source, outcome.observation, outcome.content, outcome.extras as never, origin);
}

function abortedFor(signal: AbortSignal, graceMs: number): { promise: Promise<"stopped">; forget: () => void } {
  const { promise, resolve } = Promise.withResolvers<"stopped">();
  let timer: NodeJS.Timeout | undefined;
  const start = (): void => {
    timer = setTimeout(() => resolve("stopped"), graceMs);
  };
  if (signal.aborted) start();
  else signal.addEventListener("abort", start, { once: true });
  return {
    promise,
    forget: () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", start);
    },
  };
}

function parseArguments(kind: ActionKind, text: string): { args: object } | { why: string } {
  const schema = actionArgs[kind];
  const wanted = (): string => `Send a JSON object such as ${example(schema)}.`;
  let value: unknown;
  try {
    value = text.trim() === "" ? {} : JSON.parse(text);
  } catch (error) {
    return { why: `The arguments of ${kind} are not valid JSON (${(error as Error).message}). ${wanted()}` };
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return { args: parsed.data };
  const issues = parsed.error.issues.map((issue) => `${issue.path.join(".") || "arguments"}: ${issue.message}`);
  return { why: `The arguments of ${kind} do not fit: ${issues.join("; ")}. ${wanted()}` };
}

/** What the tool takes is its server's to say. */
function foreignArguments({ name, server, tool }: ServerTool, text: string): { args: object } | { why: string } {
  let value: unknown;
  try {
    value = text.trim() === "" ? {} : JSON.parse(text);
  } catch (error) {
    return { why: `The arguments of ${name} are not valid JSON (${(error as Error).message}). Send a JSON object.` };
  }
  const parsed = actionArgs.call_tool.safeParse({ server, name: tool, arguments: value });
  return parsed.success ? { args: parsed.data } : { why: `The arguments of ${name} are no JSON object. Send one.` };
}

/** The required arguments with their types, as a model would write them. */
function example(schema: z.ZodType): string {
  const json = z.toJSONSchema(schema, { io: "input" });
  const required = json.required ?? [];
  const fields = required.map((name) => {
    const property = json.properties?.[name];
    const type = typeof property === "object" ? String(property.type) : undefined;
    return `"${name}": <${type ?? "value"}>`;
  });
  return `{${fields.join(", ")}}`;
}

function withThought(args: object, thought: string): object {
  if (thought === "" || !("thought" in args) || args.thought !== "") return args;
  return { ...args, thought };
}

/**
 * Some models give two calls of one reply the same id. The later ones get one of their own, so that each has its result and
 * the next request is one that a provider takes. In front, because long ids are cut at their end.
 */
export function withUniqueCallIds(parts: readonly ReplyPart[]): ReplyPart[] {
  const taken = new Set<string>();
  return parts.map((part) => {
    if (part.type !== "call") return part;
    let { id } = part;
    for (let copy = 2; taken.has(id); copy += 1) id = `${copy}_${part.id}`;
    taken.add(id);
    return id === part.id ? part : { ...part, id };
  });
}

/** The text of a reply; with calls beside it, it is the thought of the first. */
export function replyText(parts: readonly ReplyPart[]): string {
  return parts
    .filter((part) => part.type === "text")
    .map((part) => part.text)
    .join("");
}
