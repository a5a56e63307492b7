/** The body of a request for chat completions, for what one provider wants differently. */
export type Body = Record<string, unknown>;
export type Message = Record<string, unknown>;

/** Changes each message by itself. */
export function eachMessage(body: Body, change: (message: Message) => Message): Body {
  const { messages } = body;
  return Array.isArray(messages) ? { ...body, messages: messages.map((one) => change(one as Message)) } : body;
}
