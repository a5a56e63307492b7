/** For tests: the dependencies of a conversation, with the caller's model and store, and tools that need no sandbox. */
import assert from "node:assert/strict";
import { DeckhandError, type NewEvent } from "@deckhand/protocol";
import { findTestAgent, testTools } from "../agent/array-model.test-kit.ts";
import type { Model } from "../llm/model.ts";
import { fixedWorkspace } from "../workspaces/fixed-workspace.ts";
import type { Runtime, RuntimeFactory } from "../runtime/runtime.ts";
import type { Store } from "../store/store.ts";
import type { ConversationDeps } from "./deps.ts";

interface TestOptions extends Partial<ConversationDeps> {
  readonly store: Store;
}

/** No action needs approval, and a fault fails the test. */
export function testDeps(model: Model, options: TestOptions): ConversationDeps {
  return {
    findModel: async () => model,
    findAgent: findTestAgent,
    runtimes: testRuntimes({ cwd: "/w" }),
    workspaces: fixedWorkspace(options.workspace ?? "/w"),
    tools: testTools,
    limits: { maxSteps: 50, maxCostUsd: Infinity, maxTokens: Infinity, maxSeconds: Infinity },
    approval: { policy: "never", seconds: 3600, sandboxed: true },
    workspace: "/w",
    home: () => "/nowhere",
    now: Date.now,
    resume: "ask",
    onFault: (_, fault) => assert.fail(String(fault)),
    ...options,
  };
}

/** Creates the runtime below; nothing runs isolated. */
export function testRuntimes(shell: { readonly cwd: string }): RuntimeFactory {
  return {
    status: async () => ({ kind: "host", proven: false, sentence: "", checks: [], untried: [], triedAt: "" }),
    create: async () => testRuntime(shell),
    runIsolated: () => Promise.reject(new DeckhandError("sandbox_unavailable")),
  };
}

/** The test tools only read its current directory. */
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

/** Calls back at the beginning of each append, before anyone else can store anything. */
export function watchedStore(store: Store, onAppend: (events: readonly NewEvent[]) => void): Store {
  const append: Store["append"] = (conversation, expectedNext, events, row) => {
    onAppend(events);
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
