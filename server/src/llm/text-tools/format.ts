/**
 * How a call is written by a model that can only write text. The form is that of Qwen3-Coder and of OpenHands' converter for such
 * models: values stand as they are, because code in a JSON string is what small models get wrong.
 *
 *   <function=write>
 *   <parameter=path>
 *   hello.sh
 *   </parameter>
 *   <parameter=content>
 *   echo "hello"
 *   </parameter>
 *   </function>
 */
import type { ReplyPart } from "@deckhand/protocol";
import type { ToolResult, ToolSpec } from "../model.ts";

type Call = Extract<ReplyPart, { type: "call" }>;

/** Behind the system prompt. The same tools give the same bytes. */
export function toolsAsText(tools: readonly ToolSpec[]): string {
  if (tools.length === 0) return "";
  return `

# Tools

You act by calling tools. To call one, write this and nothing behind it:

<function=NAME>
<parameter=ARGUMENT>
value
</parameter>
</function>

A value stands as it is, over several lines if need be, without quotes or escapes; numbers, true and false, lists and objects are written as JSON. Several calls may follow one another. Then stop: what came of them is in the next message. Never write a result yourself.

${tools.map(toolAsText).join("\n\n")}`;
}

function toolAsText({ name, description, parameters }: ToolSpec): string {
  const required = new Set(Array.isArray(parameters["required"]) ? parameters["required"] : []);
  const lines = Object.entries(propertiesOf(parameters)).map(([key, schema]) => {
    const about = [typeOf(schema), ...(required.has(key) ? [] : ["may be left out"])].join(", ");
    const words = typeof schema["description"] === "string" ? `: ${schema["description"]}` : "";
    return `- ${key} (${about})${words}`;
  });
  return [`## ${name}`, description, ...lines].join("\n");
}

export function propertiesOf(parameters: ToolSpec["parameters"]): Readonly<Record<string, Record<string, unknown>>> {
  return (parameters["properties"] ?? {}) as Record<string, Record<string, unknown>>;
}

/** `string`, or what has to be written as JSON. */
export function typeOf(schema: Readonly<Record<string, unknown>>): string {
  if (Array.isArray(schema["enum"])) return schema["enum"].join(" | ");
  return typeof schema["type"] === "string" ? schema["type"] : "JSON";
}

export function callAsText({ name, arguments: text }: Call): string {
  const values = parameterValues(text);
  const parameters = Object.entries(values).map(([key, value]) => {
    const written = typeof value === "string" ? value : JSON.stringify(value);
    return `<parameter=${key}>\n${written}\n</parameter>\n`;
  });
  return `<function=${name}>\n${parameters.join("")}</function>`;
}

function parameterValues(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Kept as the model wrote it.
  }
  return { arguments: text };
}

export function resultAsText({ name, content, isError }: ToolResult): string {
  return `${isError ? "The call of" : "Result of"} ${name}${isError ? " failed" : ""}:\n${content}`;
}
