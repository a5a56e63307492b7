/** Checks a history against its rules: as a log, as our messages, and as request bodies of the providers. */
import { isAction, isRunnable, type Event } from "@deckhand/protocol";
import type { ModelMessage } from "../llm/model.ts";

/** Ids have no gaps, and each action that ran has one later observation, in the order of the calls. */
export function problemsOfLog(log: readonly Event[], awaiting: number | undefined): readonly string[] {
  const problems: string[] = [];
  const answers = new Map<number, number>();
  const lastAnswer = new Map<number, number>();
  for (const [at, event] of log.entries()) {
    if (event.id !== at) problems.push(`event ${at} has the id ${event.id}`);
    if (isAction(event) || event.cause === undefined) continue;
    const cause = log[event.cause];
    if (cause === undefined || !isAction(cause) || event.cause >= at) problems.push(`${at} answers nothing`);
    if (cause === undefined || !isAction(cause) || !isRunnable(cause.action)) continue;
    if (answers.has(event.cause)) problems.push(`${event.cause} is answered by ${answers.get(event.cause)} and ${at}`);
    answers.set(event.cause, at);
    const reply = cause.tool_call?.reply;
    if (reply === undefined) continue;
    if ((lastAnswer.get(reply) ?? -1) > event.cause) problems.push(`${at} is out of order`);
    lastAnswer.set(reply, event.cause);
  }
  for (const event of log) {
    if (isAction(event) && isRunnable(event.action) && !answers.has(event.id) && event.id !== awaiting) {
      problems.push(`${event.id} (${event.action}) has no observation`);
    }
  }
  return problems;
}

/** No compaction separates an action from its observation. */
export function problemsOfCompactions(log: readonly Event[]): readonly string[] {
  return log.flatMap((event) => {
    if (!isAction(event) || event.action !== "compact") return [];
    const { to } = event.args;
    return log
      .slice(0, event.id)
      .filter((each) => !isAction(each) && each.tool_call !== undefined && each.cause !== undefined)
      .filter((each) => !isAction(each) && (each.cause ?? 0) <= to && each.id > to)
      .map((each) => `the compaction ${event.id} up to ${to} splits ${each.id} from its action`);
  });
}

/** A reply's calls are followed directly by their results, in order; no two replies in a row, and none at the end. */
export function problemsOfMessages(messages: readonly ModelMessage[]): readonly string[] {
  const problems: string[] = [];
  const known = new Set<string>();
  for (const [at, message] of messages.entries()) {
    const before = messages[at - 1];
    const calls = before?.role === "assistant" ? before.parts.filter((part) => part.type === "call") : [];
    if (message.role === "tool") {
      const expected = calls.map(({ id, name }) => [id, name]);
      const found = message.results.map(({ call, name }) => [call, name]);
      if (JSON.stringify(expected) !== JSON.stringify(found) || expected.length === 0) {
        problems.push(`${at}: results of ${JSON.stringify(found)} after calls of ${JSON.stringify(expected)}`);
      }
    } else if (calls.length > 0) problems.push(`${at}: calls without results`);
    if (message.role !== "assistant") continue;
    if (before?.role === "assistant") problems.push(`${at}: two replies in a row`);
    for (const part of message.parts) {
      if (part.type !== "call") continue;
      if (known.has(part.id)) problems.push(`${at}: duplicate call id ${JSON.stringify(part.id)}`);
      known.add(part.id);
    }
  }
  if (messages[0]?.role !== "user") problems.push("it does not start with a user message");
  if (messages.at(-1)?.role === "assistant") problems.push("it ends with a reply");
  return problems;
}

/** No call that has an observation in the log is reported as not run. */
export function problemsOfResults(messages: readonly ModelMessage[], log: readonly Event[]): readonly string[] {
  const reported = messages
    .flatMap((message) => (message.role === "tool" ? message.results : []))
    .filter(isNotRun).length;
  const answered = new Set(
    log.flatMap((event) => (event.tool_call === undefined || isOpenAction(event) ? [] : [keyOf(event.tool_call)])),
  );
  const replies = log.flatMap((event) => (!isAction(event) && event.observation === "reply" ? [event] : []));
  const unanswered = replies.flatMap(({ id, extras }) =>
    extras.parts.filter((part) => part.type === "call" && !answered.has(keyOf({ reply: id, id: part.id }))),
  ).length;
  return reported <= unanswered ? [] : [`${reported} calls are reported as not run, but only ${unanswered} were not`];
}

function isNotRun({ content }: { readonly content: string }): boolean {
  return content.startsWith("Not run: the turn was stopped");
}

function isOpenAction(event: Event): boolean {
  return isAction(event) && isRunnable(event.action);
}

function keyOf({ reply, id }: { readonly reply: number; readonly id: string }): string {
  return `${reply} ${id}`;
}

interface AnthropicBlock {
  readonly type: string;
  readonly text?: string;
  readonly id?: string;
  readonly tool_use_id?: string;
}

/**
 * https://docs.anthropic.com/en/docs/build-with-claude/tool-use: all results come first, directly after the calls; ids
 * are unique.
 */
export function problemsOfAnthropic(body: unknown): readonly string[] {
  const { messages } = body as { messages: readonly { role: string; content: readonly AnthropicBlock[] }[] };
  const problems: string[] = [];
  const known = new Set<string>();
  let open: readonly string[] = [];
  for (const [at, { role, content }] of messages.entries()) {
    if (role === messages[at - 1]?.role) problems.push(`${at}: two ${role} messages in a row`);
    if (content.length === 0) problems.push(`${at}: empty message`);
    const results = content.filter(({ type }) => type === "tool_result");
    if (JSON.stringify(results.map((block) => block.tool_use_id)) !== JSON.stringify(open)) {
      problems.push(
        `${at}: results ${JSON.stringify(results.map((block) => block.tool_use_id))} for ${JSON.stringify(open)}`,
      );
    }
    if (content.slice(0, results.length).some(({ type }) => type !== "tool_result"))
      problems.push(`${at}: results do not come first`);
    if (content.some(({ type, text }) => type === "text" && (text ?? "").trim() === ""))
      problems.push(`${at}: empty text`);
    open = content.flatMap(({ type, id }) => (type === "tool_use" ? [id ?? ""] : []));
    for (const id of open) {
      if (known.has(id) || !/^[\w-]+$/.test(id)) problems.push(`${at}: invalid or duplicate id ${JSON.stringify(id)}`);
      known.add(id);
    }
  }
  if (messages[0]?.role !== "user" || messages.at(-1)?.role !== "user") problems.push("it starts or ends with a reply");
  return problems;
}

interface ChatMessage {
  readonly role: string;
  readonly content?: unknown;
  readonly tool_calls?: readonly { readonly id: string; readonly function: { readonly arguments: string } }[];
  readonly tool_call_id?: string;
}

/** https://platform.openai.com/docs/api-reference/chat: a message with calls is followed by one message per call. */
export function problemsOfChat(body: unknown): readonly string[] {
  const { messages } = body as { messages: readonly ChatMessage[] };
  const problems: string[] = [];
  let open: string[] = [];
  for (const [at, { role, content, tool_calls: calls = [], tool_call_id: answered }] of messages.entries()) {
    if (role === "tool") {
      if (answered === undefined || answered !== open.shift()) problems.push(`${at}: unexpected result of ${answered}`);
    } else if (open.length > 0) problems.push(`${at}: missing results of ${open.join()}`);
    if (role === "tool") continue;
    open = calls.map(({ id }) => id);
    if (new Set(open).size < open.length || open.some((id) => !/^[\w-]{1,64}$/.test(id)))
      problems.push(`${at}: invalid or duplicate ids ${open.join()}`);
    if (calls.some((call) => !isObject(call.function.arguments))) problems.push(`${at}: arguments are not an object`);
    if (role === "assistant" && calls.length === 0 && (content ?? "") === "") problems.push(`${at}: empty reply`);
  }
  if (open.length > 0) problems.push("calls without results at the end");
  return problems;
}

interface ResponsesItem {
  readonly type?: string;
  readonly call_id?: string;
}

/** https://platform.openai.com/docs/api-reference/responses: each call has one output, after it and in order. */
export function problemsOfResponses(body: unknown): readonly string[] {
  const { input } = body as { input: readonly ResponsesItem[] };
  const idsOf = (type: string): readonly string[] =>
    input.flatMap((item) => (item.type === type ? [item.call_id ?? ""] : []));
  const [calls, outputs] = [idsOf("function_call"), idsOf("function_call_output")];
  const problems =
    JSON.stringify(calls) === JSON.stringify(outputs) ? [] : [`outputs of ${outputs.join()} for ${calls.join()}`];
  return new Set(calls).size === calls.length ? problems : [...problems, `duplicate calls: ${calls.join()}`];
}

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
