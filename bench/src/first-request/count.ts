/** The size of a request: system prompt, tools and total, in characters and in tokens of one tokenizer. */
import { Tiktoken } from "js-tiktoken/lite";
import o200kBase from "js-tiktoken/ranks/o200k_base";

export interface Size {
  readonly chars: number;
  readonly tokens: number;
}

export interface RequestSize {
  readonly system: Size;
  readonly tools: Size & { readonly count: number };
  /** System prompt, tools and all messages, including the task. */
  readonly total: Size;
}

/** The body of a Chat Completions, Responses or Messages request. */
export interface RequestBody {
  readonly tools?: readonly object[];
  readonly system?: unknown;
  readonly instructions?: unknown;
  readonly messages?: readonly Message[];
  readonly input?: readonly Message[];
}

interface Message {
  readonly role?: string;
  readonly content?: unknown;
}

const tokenizer = new Tiktoken(o200kBase);

export function count(body: RequestBody): RequestSize {
  const messages = body.messages ?? body.input ?? [];
  const isSystem = ({ role }: Message): boolean => role === "system" || role === "developer";
  const system = [
    textOf(body.system),
    textOf(body.instructions),
    ...messages.filter(isSystem).map(({ content }) => textOf(content)),
  ].filter((text) => text !== "");
  const others = messages.filter((message) => !isSystem(message)).map(({ content }) => textOf(content));
  const tools = (body.tools ?? []).map((tool) => JSON.stringify(tool));
  return {
    system: sizeOf(system),
    tools: { ...sizeOf(tools), count: tools.length },
    total: sizeOf([...system, ...tools, ...others]),
  };
}

function sizeOf(texts: readonly string[]): Size {
  return {
    chars: texts.reduce((sum, text) => sum + text.length, 0),
    tokens: texts.reduce((sum, text) => sum + tokenizer.encode(text, [], []).length, 0),
  };
}

/** The text of a string or of a list of content parts. */
function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  const parts = content as readonly { readonly text?: unknown }[];
  return parts.flatMap(({ text }) => (typeof text === "string" ? [text] : [])).join("\n");
}
