/** For tests: what a conversation is made of, with a model and a store of the caller's and tools that need no sandbox. */
import assert from "node:assert/strict";
import { findTestAgent, testTools } from "../agent/array-model.test-kit.ts";
import type { Model } from "../llm/model.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { EventStore } from "../store/event-store.ts";
import type { ConversationDeps } from "./conversation.ts";

interface TestParts extends Partial<ConversationDeps> {
  readonly store: EventStore;
}

/** Nobody is asked for an approval, and a fault fails the test. */
export function testDeps(model: Model, parts: TestParts): ConversationDeps {
  return {
    findModel: async () => model,
    findAgent: findTestAgent,
    runtimes: {
      status: async () => ({ kind: "host", proven: false, sentence: "", checks: [] }),
      create: async () => testRuntime({ cwd: "/w" }),
    },
    tools: testTools,
    limits: { maxSteps: 50, maxCostUsd: Infinity, maxSeconds: Infinity },
    approval: { policy: "never", seconds: 3600, sandboxed: true },
    workspace: "/w",
    home: () => "/nowhere",
    now: Date.now,
    onFault: (_, fault) => assert.fail(String(fault)),
    ...parts,
  };
}

/** A runtime of which the tools of the test look at the directory alone. */
export function testRuntime(shell: { readonly cwd: string }): Runtime {
  const runtime = {
    get cwd(): string {
      return shell.cwd;
    },
    start: async () => {},
    jobs: { onEnd() {}, list: () => [] },
    [Symbol.asyncDispose]: async () => {},
  };
  return runtime as unknown as Runtime;
}
