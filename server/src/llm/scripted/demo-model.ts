/**
 * The model of a first run without a key or a model server: a script that performs one task with the real server and
 * sandbox, and says that it is a script. Its next step depends on the request alone.
 */
import type { ReplyPart } from "@deckhand/protocol";
import type { Model, ModelMessage, ModelProgress, ModelReply, ModelRequest } from "../model.ts";

const script = '#!/bin/bash\necho "hello"\n';

const introduction =
  "I am Deckhand's demo model: a script, not a language model. I can do this one task, with real tools in the real sandbox.";

const configuration = `I am Deckhand's demo model: a script, not a language model. I can only do the task of the tour: "write a bash script that prints hello".

For real work, configure a model and restart Deckhand:
- OpenAI: LLM_MODEL=gpt-4o LLM_API_KEY=... npm start
- Anthropic: LLM_MODEL=anthropic/claude-sonnet-4-5 LLM_API_KEY=... npm start
- Google: LLM_MODEL=gemini/gemini-2.5-pro LLM_API_KEY=... npm start
- any OpenAI-compatible server: LLM_BASE_URL=http://host:port/v1 LLM_MODEL=... npm start
- on this machine: start Ollama, LM Studio, llama.cpp or vLLM; it is found automatically if no model is configured.`;

type Step = { readonly text: string; readonly call?: readonly [name: string, args: Record<string, unknown>] };

export const demoModel: Model = {
  name: "demo",
  takesImages: false,
  isScript: true,
  async *reply({ messages }: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelProgress, ModelReply> {
    signal.throwIfAborted();
    const { text, call } = nextStep(messages);
    yield { type: "delta", delta: { of: "reply", text } };
    const parts: ReplyPart[] = [{ type: "text", text }];
    const id = `demo_${messages.filter((message) => message.role === "assistant").length}`;
    if (call !== undefined) parts.push({ type: "call", id, name: call[0], arguments: JSON.stringify(call[1]) });
    return {
      parts,
      finishReason: call === undefined ? "stop" : "tool-calls",
      usage: { input: 0, output: 0, cached_input: 0, cache_write: 0, reasoning: 0 },
      costUsd: 0,
      firstTokenMs: 0,
    };
  },
};

function nextStep(messages: readonly ModelMessage[]): Step {
  const at = messages.findLastIndex((message) => message.role === "user");
  const task = messages[at];
  if (task?.role !== "user" || !isTour(task.text)) return { text: configuration };
  const newMessages = messages.slice(at + 1);
  const steps = newMessages.filter((message) => message.role === "assistant").length;
  const last = newMessages.findLast((message) => message.role === "tool")?.results.at(-1);
  if (last?.isError === true) return { text: `That failed, and a script cannot fix it: ${last.content}` };
  switch (steps) {
    case 0:
      return {
        text: `${introduction} First I'll write hello.sh.`,
        call: ["write", { path: "hello.sh", content: script }],
      };
    case 1:
      return { text: "Now I'll run it.", call: ["run", { command: "bash hello.sh" }] };
    default:
      return /^hello\s*$/m.test(last?.content ?? "")
        ? {
            text: "It printed hello.",
            call: ["finish", { thought: "I created hello.sh; running it prints hello." }],
          }
        : {
            text: `hello.sh did not print hello, and a script cannot fix it. Its output: ${last?.content ?? "none"}`,
          };
  }
}

/** Recognizes any wording of: a script that prints hello. */
function isTour(task: string): boolean {
  return /\bhello\b/i.test(task) && /\b(bash|shell|sh|script)\b/i.test(task);
}
