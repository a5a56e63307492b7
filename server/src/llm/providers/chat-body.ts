/** The body of a chat completions request, for providers that need it changed. */
export type Body = Record<string, unknown>;
export type Message = Record<string, unknown>;

export function eachMessage(body: Body, change: (message: Message) => Message): Body {
  const { messages } = body;
  return Array.isArray(messages) ? { ...body, messages: messages.map((one) => change(one as Message)) } : body;
}
