/**
 * How a model without native tool calling writes calls. The format is that of Qwen3-Coder, and of OpenHands' converter
 * for such models: values are not escaped, because code in a JSON string is what small models get wrong.
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

/** Appended to the system prompt. The same tools give the same bytes. */
export function toolsAsText(tools: readonly ToolSpec[]): string {
  if (tools.length === 0) return "";
  return `

# Tools

You act by calling tools. To call a tool, end your reply with exactly this format:

<function=NAME>
<parameter=ARGUMENT>
value
</parameter>
</function>

Write string values as they are, without quotes or escapes; they may span several lines. Write numbers, booleans, arrays and objects as JSON. You may make several calls in a row. Stop after the last call: the results are in the next message. Never write a result yourself.

${tools.map(toolAsText).join("\n\n")}`;
}

function toolAsText({ name, description, parameters }: ToolSpec): string {
  const required = new Set(Array.isArray(parameters["required"]) ? parameters["required"] : []);
  const lines = Object.entries(propertiesOf(parameters)).map(([key, schema]) => {
    const traits = [typeOf(schema), ...(required.has(key) ? [] : ["optional"])].join(", ");
    const details = typeof schema["description"] === "string" ? `: ${schema["description"]}` : "";
    return `- ${key} (${traits})${details}`;
  });
  return [`## ${name}`, description, ...lines].join("\n");
}

export function propertiesOf(parameters: ToolSpec["parameters"]): Readonly<Record<string, Record<string, unknown>>> {
  return (parameters["properties"] ?? {}) as Record<string, Record<string, unknown>>;
}

/** `string`, an enumeration, or a type to write as JSON. */
export function typeOf(schema: Readonly<Record<string, unknown>>): string {
  if (Array.isArray(schema["enum"])) return schema["enum"].join(" | ");
  return typeof schema["type"] === "string" ? schema["type"] : "JSON";
}

export function callAsText({ name, arguments: json }: Call): string {
  const values = parameterValues(json);
  const parameters = Object.entries(values).map(([key, value]) => {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    return `<parameter=${key}>\n${text}\n</parameter>\n`;
  });
  return `<function=${name}>\n${parameters.join("")}</function>`;
}

function parameterValues(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Malformed arguments are kept as the model wrote them.
  }
  return { arguments: text };
}

export function resultAsText({ name, content, isError }: ToolResult): string {
  return `${isError ? `The call to ${name} failed` : `Result of ${name}`}:\n${content}`;
}
