/**
 * The DummyAgent of OpenHands 0.9–0.14: runs the same steps for any task. Clients use it to try the protocol without a
 * model (OPENHANDS-PROTOCOL.md section 7).
 */
import type { ModelReply, ModelProgress, ModelRequest, Model } from "../llm/model.ts";

const noBrowser = "Browser actions are not available in the DummyAgent environment.";

const steps: readonly (readonly [string, Record<string, unknown>])[] = [
  ["add_task", { parent: "", goal: "run ls" }],
  ["modify_task", { task_id: "", state: "in_progress" }],
  ["message", { content: "Time to get started!" }],
  ["run", { command: 'echo "foo"' }],
  ["write", { path: "hello.sh", content: 'echo "Hello, World!"' }],
  ["read", { path: "hello.sh" }],
  ["run", { command: "bash hello.sh" }],
  ["message", { content: `${noBrowser} Unable to browse URL: https://google.com` }],
  ["message", { content: `${noBrowser} Unable to perform interactive browsing: goto("https://google.com")` }],
  ["reject", {}],
];

export const dummyModel: Model = {
  name: "DummyAgent",
  takesImages: false,
  isScript: true,
  // oxlint-disable-next-line require-yield -- nothing to stream
  async *reply(request: ModelRequest): AsyncGenerator<ModelProgress, ModelReply> {
    const at = request.messages.filter((message) => message.role === "assistant").length;
    const [name, args] = steps[at % steps.length] ?? ["reject", {}];
    return {
      parts: [{ type: "call", id: `dummy_${at}`, name, arguments: JSON.stringify(args) }],
      finishReason: "tool-calls",
      usage: { input: 0, output: 0, cached_input: 0, cache_write: 0, reasoning: 0 },
      costUsd: 0,
      firstTokenMs: 0,
    };
  },
};
