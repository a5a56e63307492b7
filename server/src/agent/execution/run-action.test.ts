import assert from "node:assert/strict";
import { test } from "node:test";
import { action } from "@deckhand/protocol";
import type { Runtime } from "../../runtime/runtime.ts";
import type { Tool } from "../../tools/tool.ts";
import { runAction } from "./run-action.ts";

test("[A12] an action stopped before it began starts no shell and runs no tool", async () => {
  for (const when of ["before it begins", "while the shell starts"] as const) {
    const stop = new AbortController();
    const steps: string[] = [];
    const tool = {
      action: "read",
      // oxlint-disable-next-line require-yield -- must not run
      async *run() {
        steps.push("ran");
        return { observation: "read", content: "", extras: { path: "a" } };
      },
    } as unknown as Tool;
    const runtime = async (): Promise<Runtime> => {
      steps.push("started");
      stop.abort(new Error("stopped"));
      return {} as Runtime;
    };
    if (when === "before it begins") stop.abort(new Error("stopped"));
    const event = action("agent", "read", { path: "a", start: 0, end: -1, thought: "" });
    const onDelta = (): void => assert.fail("no tool is running");
    const { observation } = await runAction({ event, tool }, { id: 7, runtime, signal: stop.signal, onDelta });
    assert.ok(observation.observation === "error");
    assert.deepEqual(
      [observation.extras, observation.cause],
      [{ code: "interrupted", retryable: true, error_id: "" }, 7],
    );
    assert.deepEqual(steps, when === "before it begins" ? [] : ["started"]);
  }
});
