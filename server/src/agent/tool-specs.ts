/** Tools as the model is told about them: name, description and the JSON Schema of the arguments. */
import { z } from "zod";
import { actionArgs, type ActionKind, type ServerTool } from "@deckhand/protocol";
import type { ToolSpec } from "../llm/model.ts";
import type { LogOnlyTool, Tool } from "../tools/tool.ts";
import type { Definition } from "./definitions/definition.ts";

interface Parameters {
  readonly type: "object";
  readonly properties: Record<string, unknown>;
  readonly required: string[];
  readonly additionalProperties: false;
}

/** `outputs` are the fields that the agent's `finish` has to return. */
export function toolSpec(
  { action, description, modelArgs }: Tool | LogOnlyTool,
  outputs: Definition["outputs"],
): ToolSpec {
  const parameters = parametersOf(action, modelArgs);
  if (action === "finish" && Object.keys(outputs).length > 0) addOutputs(parameters, outputs);
  return { name: action, description, parameters };
}

/** Says where the description comes from, because a description can carry injected instructions. */
export function serverToolSpec({ name, server, description, parameters }: ServerTool): ToolSpec {
  const text = description === "" ? "No description." : description;
  return { name, description: `${text}\n(A tool of the MCP server ${server}, described by that server.)`, parameters };
}

function parametersOf(name: ActionKind, modelArgs: readonly string[]): Parameters & Record<string, unknown> {
  const json = z.toJSONSchema(actionArgs[name], { io: "input" });
  const properties = Object.fromEntries(modelArgs.map((arg) => [arg, withoutBounds(json.properties?.[arg] ?? {})]));
  const required = (json.required ?? []).filter((field) => modelArgs.includes(field));
  return { type: "object", properties, required, additionalProperties: false };
}

/** Bounds cost tokens and do not help the model: a value out of bounds is answered with what to send instead. */
const bounds = ["minLength", "maxLength", "maxItems", "minimum", "maximum", "exclusiveMinimum", "propertyNames"];

function withoutBounds(schema: unknown): unknown {
  return JSON.parse(JSON.stringify(schema, (key, value: unknown) => (bounds.includes(key) ? undefined : value)));
}

function addOutputs({ properties, required }: Parameters, outputs: Definition["outputs"]): void {
  const types = Object.entries(outputs).map(([name, type]) => [
    name,
    type === "list" ? { type: "array", items: { type: "string" } } : { type },
  ]);
  properties["outputs"] = {
    type: "object",
    properties: Object.fromEntries(types) as Record<string, unknown>,
    required: Object.keys(outputs),
  };
  required.push("outputs");
}
