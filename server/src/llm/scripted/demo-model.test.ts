import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, requestOf, user } from "../model.test-kit.ts";
import { demoModel } from "./demo-model.ts";
import type { ModelMessage } from "../model.ts";

const task = "write a bash script that prints hello";

/** Runs the demo with the given results of its calls; returns the text and call of each step. */
async function play(first: string, results: readonly { content: string; isError: boolean }[]) {
  const messages: ModelMessage[] = [user(first)];
  const steps: { text: string; call: string | undefined; args: unknown }[] = [];
  for (const result of [...results, undefined]) {
    const { reply, progress } = await ask(demoModel, requestOf(...messages));
    const text = reply.parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("");
    assert.deepEqual(progress, [{ type: "delta", delta: { of: "reply", text } }]);
    const call = reply.parts.find((part) => part.type === "call");
    steps.push({ text, call: call?.name, args: call && JSON.parse(call.arguments) });
    if (call === undefined || result === undefined) break;
    messages.push(
      { role: "assistant", parts: reply.parts },
      { role: "tool", results: [{ call: call.id, name: call.name, ...result }] },
    );
  }
  return steps;
}

const ok = (content: string) => ({ content, isError: false });

test("[M26] the demo performs the tour's task with tools, and says first that it is a script", async () => {
  const [write, run, finish] = await play(task, [ok("I wrote hello.sh."), ok("hello\n[exit 0]")]);
  assert.match(write?.text ?? "", /demo model: a script, not a language model/);
  assert.deepEqual([write?.call, write?.args], ["write", { path: "hello.sh", content: '#!/bin/bash\necho "hello"\n' }]);
  assert.deepEqual([run?.call, run?.args], ["run", { command: "bash hello.sh" }]);
  assert.equal(finish?.call, "finish");
  assert.deepEqual(Object.keys(finish?.args ?? {}), ["thought"]);
});

test("[M26] when a step fails, the demo says so and calls nothing more", async () => {
  const refused = await play(task, [{ content: "The sandbox is not available.", isError: true }]);
  assert.deepEqual(
    refused.map((step) => step.call),
    ["write", undefined],
  );
  assert.match(refused[1]?.text ?? "", /failed.*The sandbox is not available\./);
  const silent = await play(task, [ok("written"), ok("bash: hello.sh: No such file")]);
  assert.deepEqual(
    silent.map((step) => step.call),
    ["write", "run", undefined],
  );
});

test("[M26] any other task is answered with how to configure a real model", async () => {
  const [only] = await play("fix the failing test", []);
  assert.equal(only?.call, undefined);
  for (const hint of ["a script, not a language model", "LLM_MODEL=", "LLM_API_KEY=", "LLM_BASE_URL=", "Ollama"]) {
    assert.ok(only?.text.includes(hint), hint);
  }
});

test("[M26] the task may be repeated, in other words", async () => {
  const before: ModelMessage[] = [user("hi"), { role: "assistant", parts: [{ type: "text", text: "..." }] }];
  const { reply } = await ask(demoModel, requestOf(...before, user("a shell script saying Hello, please")));
  assert.equal(reply.parts.at(-1)?.type, "call");
});
