import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { afterReply, ask, modelOf, requestOf, serveScript, user } from "../model.test-kit.ts";
import type { ModelServer } from "./model-server.ts";

function post(server: ModelServer, body: unknown, path = "/chat/completions"): Promise<Response> {
  return fetch(`${server.url}${path}`, { method: "POST", body: JSON.stringify(body) });
}

const messages = [{ role: "user", content: "go" }];

test("[M27] a chat completion without streaming is one object", async (t) => {
  const calls = [{ name: "run", arguments: { command: "ls" } }];
  const server = await serveScript(t, { replies: [{ text: "I look.", calls, usage: { input: 9, output: 2 } }] });
  const answer = await (await post(server, { model: "m", messages })).json();
  assert.partialDeepStrictEqual(answer, {
    object: "chat.completion",
    model: "m",
    choices: [
      {
        message: {
          role: "assistant",
          content: "I look.",
          tool_calls: [{ id: "call_0_0", type: "function", function: { name: "run", arguments: '{"command":"ls"}' } }],
        },
        finish_reason: "tool_calls",
      },
    ],
    usage: { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 },
  });
});

test("[M27] a stream ends with [DONE], and has usage only if requested", async (t) => {
  const server = await serveScript(t, { replies: [{ text: "Hi." }] });
  const plain = await (await post(server, { messages, stream: true })).text();
  const counted = await (
    await post(server, { messages, stream: true, stream_options: { include_usage: true } })
  ).text();
  assert.ok(plain.endsWith("data: [DONE]\n\n") && counted.endsWith("data: [DONE]\n\n"));
  assert.doesNotMatch(plain, /prompt_tokens/);
  assert.match(counted, /"choices":\[\],"usage":\{"prompt_tokens":/);
});

test("[M27] it lists its model, records the latest requests, and answers 404 to other paths", async (t) => {
  const server = await serveScript(t, { replies: [{ text: "Hi." }] });
  assert.partialDeepStrictEqual(await (await fetch(`${server.url}/models`)).json(), {
    object: "list",
    data: [{ id: "scripted" }],
  });
  for (let count = 0; count < 270; count += 1) await (await post(server, { messages, count })).text();
  assert.equal(server.requests.length, 256);
  const recorded = (await (await fetch(new URL("/requests", server.url))).json()) as { path: string; body: unknown }[];
  assert.deepEqual(recorded.at(-1), { path: "/v1/chat/completions", body: { messages, count: 269 } });
  assert.equal(recorded.length, 256);
  assert.equal((await post(server, {}, "/nothing")).status, 404);
  assert.equal((await fetch(`${server.url}/chat/completions`)).status, 404);
});

test("[M27] malformed requests do not stop it", async (t) => {
  const server = await serveScript(t, { replies: [{ text: "Hi." }], after: "repeat_last" });
  for (const body of [
    "nonsense",
    [],
    null,
    { messages: 5 },
    { messages: [null, 1, { role: {} }] },
    { messages: [{ role: "user", content: [1] }] },
  ]) {
    for (const path of ["/chat/completions", "/responses", "/messages", "/models/m:streamGenerateContent"]) {
      const response = await post(server, body, path);
      assert.equal(response.status, 200, `${path} ${JSON.stringify(body)}`);
      await response.text();
    }
  }
});

test("[M27] many conversations play one script at once, each at its own position", async (t) => {
  const steps = Array.from({ length: 5 }, (_, step) => ({
    calls: [{ name: "run", arguments: { command: `echo ${step}` } }],
  }));
  const server = await serveScript(t, {
    replies: [{ status: 500, headers: { "retry-after-ms": "1" } }, ...steps, { text: "Done." }],
  });
  const model = modelOf(server, { retries: 1 });
  const runs = Array.from({ length: 20 }, async (_, index) => {
    const history = [user(`task ${index}`)];
    const parts: string[] = [];
    for (let step = 0; step < 6; step += 1) {
      const { reply, progress } = await ask(model, requestOf(...history));
      assert.equal(progress.filter((one) => one.type === "retry").length, step === 0 ? 1 : 0);
      parts.push(...reply.parts.map((part) => (part.type === "call" ? part.arguments : part.text)));
      history.push(...afterReply(reply));
    }
    return parts;
  });
  const expected = [...steps.map((_, step) => `{"command":"echo ${step}"}`), "Done."];
  for (const parts of await Promise.all(runs)) assert.deepEqual(parts, expected);
});

test("[M27] as a program it prints its URL on one line, and stops on SIGTERM", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "deckhand-model-server-"));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, "script.json");
  await writeFile(path, JSON.stringify({ replies: [{ text: "Hi." }] }));
  const program = join(import.meta.dirname, "model-server.ts");
  const child = spawn(process.execPath, [program, path], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  const url = /^model server on (http:\/\/127\.0\.0\.1:\d+\/v1)$/.exec(line)?.[1];
  assert.ok(url !== undefined, line);
  assert.equal((await fetch(`${url}/models`)).status, 200);
  child.kill("SIGTERM");
  assert.deepEqual(await once(child, "exit"), [0, null]);

  const wrong = spawn(process.execPath, [program, join(folder, "none.json")], { stdio: ["ignore", "ignore", "pipe"] });
  t.after(() => wrong.kill("SIGKILL"));
  const [error] = (await once(createInterface(wrong.stderr), "line")) as [string];
  assert.match(error, /none\.json could not be read/);
  assert.deepEqual(await once(wrong, "exit"), [1, null]);
});

test("[M27] like a caching provider, it counts the prefix shared with an earlier request as cached", async (t) => {
  const server = await serveScript(t, { replies: [{ text: "Hi." }], after: "repeat_last" });
  const cached = async (...texts: string[]): Promise<number> => {
    const answer = await post(server, { messages: texts.map((content) => ({ role: "user", content })), tools: [] });
    const { usage } = (await answer.json()) as { usage: { prompt_tokens_details: { cached_tokens: number } } };
    return usage.prompt_tokens_details.cached_tokens;
  };
  const long = "word ".repeat(2000);
  assert.equal(await cached(long), 0);
  assert.equal(await cached(long, "more"), 2432);
  assert.equal(await cached(`other ${long}`), 0);
  assert.equal(await cached(long, "more", "and more"), 2432);
  assert.equal(await cached("short", "a"), 0);
  assert.equal(await cached("short", "b"), 0);
});
