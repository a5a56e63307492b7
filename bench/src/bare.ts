/**
 * The baseline: an agent loop without storage, UI or sandbox that starts a shell for each command. `node bare.ts URL
 * TASK…` runs all tasks in parallel.
 */
import { spawn } from "node:child_process";

interface Message {
  readonly role: string;
  readonly content: string | null;
  readonly tool_calls?: readonly Call[];
  readonly tool_call_id?: string;
}
interface Call {
  readonly id: string;
  readonly type: "function";
  readonly function: { readonly name: string; readonly arguments: string };
}

const [url = "", ...tasks] = process.argv.slice(2);
await Promise.all(tasks.map(runTask));

async function runTask(task: string): Promise<void> {
  const messages: Message[] = [{ role: "user", content: task }];
  for (;;) {
    const call = await callModel(messages);
    if (call.function.name === "finish") return;
    const { command } = JSON.parse(call.function.arguments) as { command: string };
    messages.push({ role: "assistant", content: null, tool_calls: [call] });
    messages.push({ role: "tool", tool_call_id: call.id, content: await run(command) });
  }
}

async function callModel(messages: readonly Message[]): Promise<Call> {
  const response = await fetch(`${url}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "instant", messages, stream: true }),
  });
  const [first = ""] = (await response.text()).split("\n\n");
  const chunk = JSON.parse(first.slice("data: ".length)) as { choices: [{ delta: { tool_calls: [Call] } }] };
  const { id, type, function: toolCall } = chunk.choices[0].delta.tool_calls[0];
  return { id, type, function: toolCall };
}

function run(command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn("bash", ["-c", command]);
    let output = "";
    child.stdout.on("data", (data: Buffer) => (output += data.toString()));
    child.on("error", reject);
    child.on("close", () => resolve(output));
  });
}
