/**
 * Converts our messages to prompts of the AI SDK.
 *
 * The same messages give the same bytes, and a longer list starts with the bytes of a shorter one: the provider's cache
 * depends on it. So nothing here may depend on the time, on the position of a message, or on what follows it. The one
 * exception is cache marks: they move to the end, and are not part of what is cached.
 */
import type {
  LanguageModelV4CallOptions,
  LanguageModelV4FilePart,
  LanguageModelV4FunctionTool,
  LanguageModelV4Message,
  LanguageModelV4TextPart,
  SharedV4ProviderOptions,
} from "@ai-sdk/provider";
import type { ReplyPart } from "@deckhand/protocol";
import type { ModelMessage, ModelRequest, ToolSpec } from "../model.ts";
import type { MessageFormat } from "../providers/provider.ts";

export interface PromptOptions extends MessageFormat {
  /** The called model, by the name that its replies carry. */
  readonly name: string;
  readonly takesImages: boolean;
}

/** Where the metadata of a part, next to the providers' own names, holds the metadata of the whole reply. */
export const replyMetadataKey = "message";

type Prompt = Pick<LanguageModelV4CallOptions, "prompt" | "tools">;
type AssistantPart = Extract<LanguageModelV4Message, { role: "assistant" }>["content"][number];

/** Messages are only ever appended, so each is converted once; the conversion lives as long as the message. */
export function promptWriter(style: PromptOptions): (request: ModelRequest) => Prompt {
  const convertedMessages = new WeakMap<ModelMessage, LanguageModelV4Message>();
  const convertedTools = new WeakMap<readonly ToolSpec[], LanguageModelV4FunctionTool[]>();

  function message(from: ModelMessage): LanguageModelV4Message {
    let to = convertedMessages.get(from);
    if (to === undefined) convertedMessages.set(from, (to = convert(from, style)));
    return to;
  }

  function tools(from: readonly ToolSpec[]): LanguageModelV4FunctionTool[] {
    let to = convertedTools.get(from);
    if (to === undefined) {
      to = from.map(({ name, description, parameters }) => ({
        type: "function",
        name,
        description,
        inputSchema: parameters,
      }));
      convertedTools.set(from, to);
    }
    return to;
  }

  return (request) => {
    const prompt: LanguageModelV4Message[] = request.messages.map(message);
    if (request.system !== "") prompt.unshift({ role: "system", content: request.system });
    if (style.cacheMark !== null) markForCache(prompt, style.cacheMark);
    return { prompt, ...(request.tools.length === 0 ? {} : { tools: tools(request.tools) }) };
  };
}

/**
 * Marks the system prompt and the last two messages that are not from the model. The second to last is where the
 * previous request ended, so its cache entry is found however many calls the last step had.
 */
function markForCache(prompt: LanguageModelV4Message[], mark: SharedV4ProviderOptions): void {
  let remaining = 2;
  for (let at = prompt.length - 1; at >= 0; at -= 1) {
    const message = prompt[at] as LanguageModelV4Message;
    if (message.role === "assistant" || (message.role !== "system" && remaining === 0)) continue;
    if (message.role !== "system") remaining -= 1;
    prompt[at] = { ...message, providerOptions: mark };
  }
}

function convert(message: ModelMessage, style: PromptOptions): LanguageModelV4Message {
  switch (message.role) {
    case "user":
      return { role: "user", content: userParts(message.text, message.imageUrls, style.takesImages) };
    case "assistant":
      return assistant(message, style);
    case "tool":
      return {
        role: "tool",
        content: message.results.map(({ call, name, content, isError }) => ({
          type: "tool-result",
          toolCallId: plainName(call),
          toolName: plainName(name),
          // OpenAI and Google wrap a marked error in JSON. The content already says that it is an error.
          output: { type: isError && style.strict ? "error-text" : "text", value: content },
        })),
      };
  }
}

function userParts(
  text: string,
  imageUrls: readonly string[],
  takesImages: boolean,
): (LanguageModelV4TextPart | LanguageModelV4FilePart)[] {
  const parts: (LanguageModelV4TextPart | LanguageModelV4FilePart)[] = [];
  if (text !== "") parts.push({ type: "text", text });
  for (const url of imageUrls) parts.push(imagePart(url, takesImages));
  if (parts.length === 0) return [{ type: "text", text: "(an empty message)" }];
  // Simple servers accept a text message only as a string, and a single text part is sent as one.
  const texts = parts.flatMap((part) => (part.type === "text" ? [part.text] : []));
  return texts.length === parts.length ? [{ type: "text", text: texts.join("\n") }] : parts;
}

/** Only inline images are sent: any other URL would be fetched by the provider, or rejected. */
function imagePart(url: string, takesImages: boolean): LanguageModelV4TextPart | LanguageModelV4FilePart {
  const match = /^data:(image\/[\w.+-]+);base64,/.exec(url);
  if (match === null)
    return { type: "text", text: url.startsWith("data:") ? "(a file that is not an image)" : `(image: ${url})` };
  if (!takesImages) return { type: "text", text: "(an image, which this model cannot see)" };
  return {
    type: "file",
    mediaType: match[1] as string,
    data: { type: "data", data: url.slice(match[0].length) },
  };
}

/**
 * Reasoning and signatures of another model mean nothing to this one, and its provider may reject them: such a reply is
 * sent with text and calls only.
 */
function assistant(
  { parts, model }: Extract<ModelMessage, { role: "assistant" }>,
  style: PromptOptions,
): LanguageModelV4Message {
  const isOwn = model === undefined || model === style.name;
  const metadata = isOwn ? parts.map(messageOptionsOf).find((options) => options !== undefined) : undefined;
  return {
    role: "assistant",
    content: parts.flatMap((part) => (isOwn ? replyParts(part, style) : foreignParts(part, style))),
    ...(metadata && { providerOptions: metadata }),
  };
}

function foreignParts(part: ReplyPart, style: PromptOptions): AssistantPart[] {
  if (part.type === "reasoning") return [];
  const { provider: _, ...rest } = part;
  return replyParts(rest, style);
}

function replyParts(part: ReplyPart, style: PromptOptions): AssistantPart[] {
  const options = providerOptionsOf(part.provider);
  switch (part.type) {
    case "text":
      if (options === undefined && (part.text === "" || (style.strict && part.text.trim() === ""))) return [];
      return [{ type: "text", text: part.text, ...options }];
    case "reasoning":
      return style.sendsReasoning ? [{ type: "reasoning", text: part.text, ...options }] : [];
    case "call":
      return [
        {
          type: "tool-call",
          toolCallId: plainName(part.id),
          toolName: plainName(part.name),
          input: callInput(part.arguments, style.parsesArguments === true),
          ...options,
        },
      ];
  }
}

/** Some models make up names and ids (`functions.run:0`) that the next provider would reject. */
function plainName(name: string): string {
  return /^[\w-]{1,64}$/.test(name) ? name : name.replaceAll(/[^\w-]/g, "_").slice(0, 64) || "_";
}

/**
 * The text as the model wrote it, so that a compatible server sees its own bytes again. Anything but a JSON object
 * becomes `{}`: no provider accepts it back, and the observation of the call quotes the mistake. The SDK's parser
 * rejects `__proto__` and `constructor`, so arguments with these are passed parsed.
 */
function callInput(text: string, asObject: boolean): unknown {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return {};
    return asObject || text.includes("__proto__") || text.includes("constructor") ? value : text;
  } catch {
    return {};
  }
}

/** The provider's metadata of a part, an object per provider. It comes from the log, so its shape is checked. */
function providerOptionsOf(provider: unknown): { providerOptions: SharedV4ProviderOptions } | undefined {
  if (!isOptions(provider)) return undefined;
  const { [replyMetadataKey]: _, ...options } = provider;
  return Object.keys(options).length === 0 ? undefined : { providerOptions: options };
}

/** The metadata of the whole reply is stored with its first part. */
function messageOptionsOf({ provider }: ReplyPart): SharedV4ProviderOptions | undefined {
  const options = isOptions(provider) ? provider[replyMetadataKey] : undefined;
  return isOptions(options) ? options : undefined;
}

function isOptions(value: unknown): value is SharedV4ProviderOptions {
  const isObject = (one: unknown) => typeof one === "object" && one !== null && !Array.isArray(one);
  return isObject(value) && Object.values(value as object).every(isObject);
}
