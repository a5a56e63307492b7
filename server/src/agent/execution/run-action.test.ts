import assert from "node:assert/strict";
import { test } from "node:test";
import { action } from "@deckhand/protocol";
import type { Runtime } from "../../runtime/runtime.ts";
import type { Tool } from "../../tools/tool.ts";
import { runAction } from "./run-action.ts";

test("[A12] what was stopped before it began does not begin: no shell is started, no tool is run", async () => {
  for (const when of ["before its turn", "while the shell starts"] as const) {
    const stop = new AbortController();
    const did: string[] = [];
    const tool = {
      action: "read",
      // oxlint-disable-next-line require-yield -- it is not to be run
      async *run() {
        did.push("ran");
        return { observation: "read", content: "", extras: { path: "a" } };
      },
    } as unknown as Tool;
    const runtime = async (): Promise<Runtime> => {
      did.push("started");
      stop.abort(new Error("stopped"));
      return {} as Runtime;
    };
    if (when === "before its turn") stop.abort(new Error("stopped"));
    const event = action("agent", "read", { path: "a", start: 0, end: -1, thought: "" });
    const onDelta = (): void => assert.fail("no tool is running");
    const { observation } = await runAction({ event, tool }, { id: 7, runtime, signal: stop.signal, onDelta });
    assert.ok(observation.observation === "error");
    assert.deepEqual(
      [observation.extras, observation.cause],
      [{ code: "interrupted", retryable: true, error_id: "" }, 7],
    );
    assert.deepEqual(did, when === "before its turn" ? [] : ["started"]);
  }
});
