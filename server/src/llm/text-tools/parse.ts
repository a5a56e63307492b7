/**
 * Parses the calls in a model's text, leniently: the end tag of the last call may be missing, and the format may be the
 * one that the model was trained on, `<tool_call>{"name": …, "arguments": {…}}</tool_call>` (Hermes, Qwen) or such an
 * object in a code fence, with the mistakes that models make in JSON. A call that ends in the middle of a value does
 * not count, nor does anything in `<think>`. Text after the calls is dropped: there, models make up the results.
 */
import { jsonrepair } from "jsonrepair";
import type { ReplyPart } from "@deckhand/protocol";
import type { ToolSpec } from "../model.ts";
import { propertiesOf, typeOf } from "./format.ts";

const thinking = /^\s*<think>([\s\S]*?)(?:<\/think>\s*|$)/;
const parameter =
  /<parameter=([^>\s]+)\s*>([\s\S]*?)<\/parameter>(?=\s*(?:<parameter=|<\/function>|<function=|<\/tool_call>|$))/y;
const opening = /<function=([^>\s]+)\s*>\s*/y;
const hermes = /<tool_call>\s*(\{[\s\S]*?\})\s*(?:<\/tool_call>|$)/y;
const fence = /```(?:json|tool_call)?\s*(\{[\s\S]*?\})\s*```/y;
/** Where a call may start. */
const marker = /<function=|<tool_call>|```(?:json|tool_call)?\s*\{/g;
/** After this many markers that start no call, the rest is text: each costs a scan to the end of the reply. */
const maxFalseStarts = 50;

export function parseReply(reply: string, tools: readonly ToolSpec[]): ReplyPart[] {
  const thought = thinking.exec(reply);
  const parts: ReplyPart[] = thought === null ? [] : [{ type: "reasoning", text: thought[1]?.trim() ?? "" }];
  const text = thought === null ? reply : reply.slice(thought[0].length);
  const calls: ReplyPart[] = [];
  let visible = text;
  let from = 0;
  for (let falseStarts = 0; falseStarts < maxFalseStarts;) {
    marker.lastIndex = from;
    const match = marker.exec(text);
    if (match === null) break;
    const at = match.index;
    // Text between two calls: the model went on to make up the result of the first.
    if (
      calls.length > 0 &&
      text
        .slice(from, at)
        .replace(/<\/?tool_call>/g, "")
        .trim() !== ""
    )
      break;
    const call = callAt(text, at, tools);
    if (call === undefined) {
      from = marker.lastIndex;
      falseStarts += 1;
      continue;
    }
    if (calls.length === 0) visible = text.slice(0, at);
    calls.push({ type: "call", id: `call_${calls.length + 1}`, name: call.name, arguments: call.arguments });
    from = call.end;
  }
  if (visible.trim() !== "") parts.push({ type: "text", text: calls.length > 0 ? visible.trimEnd() : visible });
  return [...parts, ...calls];
}

interface ParsedCall {
  readonly name: string;
  /** JSON. */
  readonly arguments: string;
  readonly end: number;
}

function callAt(text: string, at: number, tools: readonly ToolSpec[]): ParsedCall | undefined {
  opening.lastIndex = at;
  const function_ = opening.exec(text);
  if (function_ !== null) return taggedCall(text, opening.lastIndex, function_[1] ?? "", tools);
  for (const form of [hermes, fence]) {
    form.lastIndex = at;
    const found = form.exec(text);
    const call = found === null ? undefined : jsonCall(found[1] ?? "");
    // An object in a fence may be an example of something else.
    if (call !== undefined && (form === hermes || tools.some(({ name }) => name === call.name))) {
      return { ...call, end: form.lastIndex };
    }
  }
  return undefined;
}

function taggedCall(text: string, from: number, name: string, tools: readonly ToolSpec[]): ParsedCall | undefined {
  const spec = tools.find((tool) => tool.name === name);
  const schemas = spec === undefined ? {} : propertiesOf(spec.parameters);
  const values: Record<string, unknown> = {};
  let end = from;
  for (;;) {
    parameter.lastIndex = end;
    const found = parameter.exec(text);
    if (found === null) break;
    const [, key = "", value = ""] = found;
    values[key] = valueOf(value.replace(/^\r?\n/, "").replace(/\r?\n$/, ""), schemas[key]);
    end = parameter.lastIndex + (/^\s*/.exec(text.slice(parameter.lastIndex))?.[0].length ?? 0);
  }
  const closing = "</function>";
  if (text.startsWith(closing, end)) end += closing.length;
  // A value without its end tag: the reply was truncated, and half a file must not be written.
  else if (text.startsWith("<parameter=", end)) return undefined;
  return { name, arguments: JSON.stringify(values), end };
}

function valueOf(text: string, schema: Readonly<Record<string, unknown>> | undefined): unknown {
  if (schema === undefined || typeOf(schema) === "string" || Array.isArray(schema["enum"])) return text;
  try {
    return JSON.parse(jsonrepair(text));
  } catch {
    // Validation against the schema will report the mistake.
    return text;
  }
}

function jsonCall(text: string): Omit<ParsedCall, "end"> | undefined {
  try {
    const call = JSON.parse(jsonrepair(text)) as { name?: unknown; arguments?: unknown; parameters?: unknown };
    if (typeof call.name !== "string") return undefined;
    const given = call.arguments ?? call.parameters ?? {};
    return { name: call.name, arguments: typeof given === "string" ? given : JSON.stringify(given) };
  } catch {
    return undefined;
  }
}
