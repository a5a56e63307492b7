import assert from "node:assert/strict";
import { test } from "node:test";
import { afterReply, ask, askForFailure, requestOf, user } from "../model.test-kit.ts";
import type { ScriptInput } from "./script.ts";
import { scriptSchema } from "./script.ts";
import { modelOfScript } from "./scripted-model.ts";

function scripted(script: ScriptInput, retries = 0) {
  return modelOfScript("scripted/test.json", scriptSchema.parse(script), { retries, timeoutMs: 40, random: () => 0 });
}

test("[M25] a script plays as a model with text, reasoning and calls, over several steps", async () => {
  const model = scripted({
    replies: [
      {
        reasoning: "Hm.",
        text: "I look.",
        calls: [
          { name: "run", arguments: { command: "ls" } },
          { name: "run", arguments: "{bad" },
        ],
      },
      { text: "Done." },
    ],
  });
  const { reply, progress } = await ask(model, requestOf(user("go")));
  assert.deepEqual(reply.parts, [
    { type: "reasoning", text: "Hm." },
    { type: "text", text: "I look." },
    { type: "call", id: "call_0_0", name: "run", arguments: '{"command":"ls"}' },
    { type: "call", id: "call_0_1", name: "run", arguments: "{bad" },
  ]);
  assert.equal(reply.finishReason, "tool-calls");
  assert.deepEqual(progress, [
    { type: "delta", delta: { of: "reasoning", text: "Hm." } },
    { type: "delta", delta: { of: "reply", text: "I look." } },
  ]);
  const next = await ask(model, requestOf(user("go"), ...afterReply(reply)));
  assert.deepEqual(next.reply.parts, [{ type: "text", text: "Done." }]);
});

test("[M25] its failures have the codes and retries of a provider", async () => {
  const soon = { "retry-after-ms": "1" };
  const replies = [{ status: 429, headers: soon }, { status: 500, headers: soon }, { text: "Hi." }];
  const { reply, progress } = await ask(scripted({ replies }, 3), requestOf(user("go")));
  assert.deepEqual(reply.parts, [{ type: "text", text: "Hi." }]);
  assert.deepEqual(
    progress.flatMap((one) => (one.type === "retry" ? [one.code] : [])),
    ["model_rate_limited", "model_unavailable"],
  );
  const codes: Record<string, NonNullable<ScriptInput["replies"]>[number]> = {
    model_auth: { status: 401 },
    model_context_too_long: { status: 400, body: { error: { message: "", code: "context_length_exceeded" } } },
    model_timeout: { hang: true },
    model_unavailable: { text: "half", cut_after: 1 },
    model_empty_reply: {},
    model_refused: { text: "No.", finish: "content_filter" },
    model_bad_reply: { status: 200, body: "nonsense" },
  };
  for (const [code, failing] of Object.entries(codes)) {
    assert.equal((await askForFailure(scripted({ replies: [failing] }), requestOf(user("go")))).code, code);
  }
});

test("[M25] an abort ends a slow or silent reply at once", async () => {
  for (const reply of [
    { hang: true },
    { text: "slow", delay_ms: 60_000 },
    { text: "slow", chunk_size: 1, chunk_ms: 60_000 },
  ]) {
    const stop = new AbortController();
    const reason = new Error("stop");
    const model = modelOfScript("s", scriptSchema.parse({ replies: [reply] }), {
      retries: 3,
      timeoutMs: 60_000,
      random: () => 0,
    });
    const run = ask(model, requestOf(user("go")), stop.signal);
    setImmediate(() => stop.abort(reason));
    await assert.rejects(run, (error) => error === reason);
  }
});
