/** What a request says before anything is done: system text, tools, and all of it, in characters and in tokens of one tokenizer. */
import { Tiktoken } from "js-tiktoken/lite";
import o200kBase from "js-tiktoken/ranks/o200k_base";

export interface Size {
  readonly chars: number;
  readonly tokens: number;
}

export interface Counted {
  readonly system: Size;
  readonly tools: Size & { readonly count: number };
  /** System text, tools and every message, what an agent says of itself and the task among them. */
  readonly whole: Size;
}

/** The body of a request of chat completions, Responses or Messages. */
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

export function count(body: RequestBody): Counted {
  const messages = body.messages ?? body.input ?? [];
  const isSystem = ({ role }: Message): boolean => role === "system" || role === "developer";
  const system = [
    textOf(body.system),
    textOf(body.instructions),
    ...messages.filter(isSystem).map(({ content }) => textOf(content)),
  ].filter((text) => text !== "");
  const said = messages.filter((message) => !isSystem(message)).map(({ content }) => textOf(content));
  const tools = (body.tools ?? []).map((tool) => JSON.stringify(tool));
  return {
    system: sizeOf(system),
    tools: { ...sizeOf(tools), count: tools.length },
    whole: sizeOf([...system, ...tools, ...said]),
  };
}

function sizeOf(texts: readonly string[]): Size {
  return {
    chars: texts.reduce((sum, text) => sum + text.length, 0),
    tokens: texts.reduce((sum, text) => sum + tokenizer.encode(text, [], []).length, 0),
  };
}

/** Text, or parts of which some are text. */
function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  const parts = content as readonly { readonly text?: unknown }[];
  return parts.flatMap(({ text }) => (typeof text === "string" ? [text] : [])).join("\n");
}
