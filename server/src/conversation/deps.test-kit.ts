/** For tests: what a conversation is made of, with a model and a store of the caller's and tools that need no sandbox. */
import assert from "node:assert/strict";
import { DeckhandError, type NewEvent } from "@deckhand/protocol";
import { findTestAgent, testTools } from "../agent/array-model.test-kit.ts";
import type { Model } from "../llm/model.ts";
import { fixedWorkspace } from "../workspaces/fixed-workspace.ts";
import type { Runtime, RuntimeFactory } from "../runtime/runtime.ts";
import type { Store } from "../store/store.ts";
import type { ConversationDeps } from "./deps.ts";

interface TestParts extends Partial<ConversationDeps> {
  readonly store: Store;
}

/** Nobody is asked for an approval, and a fault fails the test. */
export function testDeps(model: Model, parts: TestParts): ConversationDeps {
  return {
    findModel: async () => model,
    findAgent: findTestAgent,
    runtimes: testRuntimes({ cwd: "/w" }),
    workspaces: fixedWorkspace(parts.workspace ?? "/w"),
    tools: testTools,
    limits: { maxSteps: 50, maxCostUsd: Infinity, maxTokens: Infinity, maxSeconds: Infinity },
    approval: { policy: "never", seconds: 3600, sandboxed: true },
    workspace: "/w",
    home: () => "/nowhere",
    now: Date.now,
    resume: "ask",
    onFault: (_, fault) => assert.fail(String(fault)),
    ...parts,
  };
}

/** Makes that of `testRuntime`; nothing runs apart. */
export function testRuntimes(shell: { readonly cwd: string }): RuntimeFactory {
  return {
    status: async () => ({ kind: "host", proven: false, sentence: "", checks: [], untried: [], triedAt: "" }),
    create: async () => testRuntime(shell),
    runIsolated: () => Promise.reject(new DeckhandError("sandbox_unavailable")),
  };
}

/** A runtime of which the tools of the test look at the directory alone. */
function testRuntime(shell: { readonly cwd: string }): Runtime {
  const runtime = {
    get cwd(): string {
      return shell.cwd;
    },
    start: async () => {},
    terminals: {} as never,
    jobs: { onEnd() {}, list: () => [] },
    [Symbol.asyncDispose]: async () => {},
  };
  return runtime as unknown as Runtime;
}

/** Calls back at the beginning of each append, with what it stores: nobody else can store anything then. */
export function watchedStore(store: Store, appending: (events: readonly NewEvent[]) => void): Store {
  const append: Store["append"] = (conversation, expectedNext, events, row) => {
    appending(events);
    return store.append(conversation, expectedNext, events, row);
  };
  return new Proxy(store, {
    get(target, name) {
      if (name === "append") return append;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}
