/** First stage: what a call of the model's reply asks for, and whether its arguments are valid. Nothing is run. */
import { z } from "zod";
import {
  action,
  actionArgs,
  errorObservation,
  type ActionKind,
  type PendingCall,
  type ServerTool,
  type ToolCall,
} from "@deckhand/protocol";
import type { Agent } from "../agents.ts";
import { normalizePatchCall } from "../apply-patch.ts";
import type { PreparedCall, Stage } from "./stage.ts";

export const prepare: Stage = async (batch, { deps }) => {
  const prepared = batch.pending.map((call, at) => prepareCall(call, deps.agent, at === 0 ? batch.thought : ""));
  return { type: "next", batch: { ...batch, prepared } };
};

/** Deterministic: a call that stayed pending is prepared again with the same result. */
export function prepareCall(given: PendingCall, agent: Agent, thought = ""): PreparedCall {
  const call = normalizePatchCall(given);
  const origin: ToolCall = { reply: call.reply, id: call.id };
  const invalid = (code: "unknown_tool" | "bad_tool_args", why: string): PreparedCall => ({
    type: "invalid",
    event: errorObservation("agent", code, why, { tool_call: origin }),
  });
  const serverTool = agent.serverTools?.get(call.name);
  if (serverTool === undefined && !agent.toolNames.includes(call.name as ActionKind)) {
    return invalid(
      "unknown_tool",
      `Tool ${call.name} is not registered. (arguments: ${call.arguments}). Please check the tool name and retry with an existing tool.`,
    );
  }
  const kind = serverTool === undefined ? (call.name as ActionKind) : "call_tool";
  const parsed =
    serverTool === undefined
      ? parseArguments(kind, call.arguments)
      : parseServerToolArguments(serverTool, call.arguments);
  if (parsed.type === "invalid") return invalid("bad_tool_args", parsed.reason);
  const event = action("agent", kind, withThought(parsed.args, thought) as never, { tool_call: origin });
  if (event.action === "finish") return { type: "ends", event, agentState: "finished" };
  if (event.action === "reject") return { type: "ends", event, agentState: "rejected" };
  if (event.action === "message" && event.args.wait_for_response) {
    return { type: "ends", event, agentState: "awaiting_user_input" };
  }
  const tool = agent.tools.get(kind);
  return tool === undefined ? { type: "note", event } : { type: "runnable", event, tool, origin };
}

type Parsed = { readonly type: "valid"; readonly args: object } | { readonly type: "invalid"; readonly reason: string };

function parseArguments(kind: ActionKind, text: string): Parsed {
  const schema = actionArgs[kind];
  const hint = (): string => `Send a JSON object such as ${example(schema)}.`;
  let value: unknown;
  try {
    value = text.trim() === "" ? {} : JSON.parse(text);
  } catch (error) {
    return invalidArguments(`The arguments of ${kind} are not valid JSON (${(error as Error).message}). ${hint()}`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return { type: "valid", args: parsed.data };
  const issues = parsed.error.issues.map((issue) => `${issue.path.join(".") || "arguments"}: ${issue.message}`);
  return invalidArguments(`Invalid arguments for ${kind}: ${issues.join("; ")}. ${hint()}`);
}

/** Only the shape is checked here: the MCP server validates the arguments of its own tools. */
function parseServerToolArguments({ name, server, tool }: ServerTool, text: string): Parsed {
  let value: unknown;
  try {
    value = text.trim() === "" ? {} : JSON.parse(text);
  } catch (error) {
    return invalidArguments(
      `The arguments of ${name} are not valid JSON (${(error as Error).message}). Send a JSON object.`,
    );
  }
  const parsed = actionArgs.call_tool.safeParse({ server, name: tool, arguments: value });
  if (parsed.success) return { type: "valid", args: parsed.data };
  return invalidArguments(`The arguments of ${name} must be a JSON object.`);
}

function invalidArguments(reason: string): Parsed {
  return { type: "invalid", reason };
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
