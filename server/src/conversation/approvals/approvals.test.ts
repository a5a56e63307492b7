import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import fc from "fast-check";
import {
  DeckhandError,
  fold,
  isAction,
  type Action,
  type ActionKind,
  type AgentState,
  type ErrorCode,
  type Event,
  type Settings,
} from "@deckhand/protocol";
import { arrayModel, call, testTools, text, type ArrayModel } from "../../agent/array-model.test-kit.ts";
import { createAgentFinder } from "../../agent/agents.ts";
import { maxRules } from "../../store/rule-store.ts";
import { openSqliteStore } from "../../store/sqlite/sqlite-store.ts";
import type { Tool } from "../../tools/tool.ts";
import { Conversation } from "../conversation.ts";
import type { ConversationDeps } from "../deps.ts";
import { testDeps, testRuntimes, watchedStore } from "../deps.test-kit.ts";

const folder = await mkdtemp(join(tmpdir(), "deckhand-approval-"));
after(() => rm(folder, { recursive: true, force: true }));
let files = 0;

interface Stage extends AsyncDisposable {
  conversation: Conversation;
  readonly deps: ConversationDeps;
  /** The arguments of each call of `run`, in order. */
  readonly ran: object[];
  shell: { cwd: string };
  log(): Promise<readonly Event[]>;
  /** Resolves with the action that waits for an approval. */
  asked(): Promise<Action<"run">>;
  until(...states: AgentState[]): Promise<void>;
  /** As after `kill -9`: a new object for the stored log. */
  reopen(): Promise<void>;
}

async function stage(
  model: ArrayModel,
  settings: Settings = {},
  options: Partial<ConversationDeps> = {},
): Promise<Stage> {
  const ran: object[] = [];
  const shell = { cwd: "/w" };
  const run = {
    ...(testTools.get("run") as unknown as Tool<"run">),
    effect: () => "execute",
    // oxlint-disable-next-line require-yield -- it prints nothing
    async *run(args: Action<"run">["args"]) {
      ran.push(args);
      const extras = {
        command: args.command,
        exit_code: 0,
        cwd: "/w",
        duration_ms: 1,
        truncated: false,
        hidden: false,
      };
      return { observation: "run", content: "ok", extras };
    },
  } as unknown as Tool;
  const tools: ReadonlyMap<ActionKind, Tool> = new Map([...testTools, ["run", run]]);
  const deps = testDeps(model, {
    store: openSqliteStore(join(folder, `${(files += 1)}.db`)),
    findAgent: createAgentFinder(tools),
    runtimes: testRuntimes(shell),
    tools,
    approval: { policy: "risky", seconds: 3600, sandboxed: false },
    ...options,
  });
  const it: Stage = {
    conversation: await Conversation.open("c", deps),
    deps,
    ran,
    shell,
    log: () => deps.store.read("c", -1, 10_000),
    async asked() {
      await it.until("awaiting_user_confirmation");
      const { awaiting, open } = it.conversation.state;
      const found = open.find((each) => each.id === awaiting?.id);
      assert.ok(found !== undefined && found.action === "run");
      return found;
    },
    async until(...states) {
      const stop = new AbortController();
      for await (const _ of it.conversation.follow(-1, stop.signal)) {
        if (states.includes(it.conversation.state.agentState as AgentState)) stop.abort();
      }
    },
    async reopen() {
      it.conversation = await Conversation.open("c", deps);
    },
    async [Symbol.asyncDispose]() {
      await it.conversation[Symbol.asyncDispose]();
      await deps.store[Symbol.asyncDispose]();
    },
  };
  if (Object.keys(settings).length > 0) await it.conversation.submit("initialize", settings);
  return it;
}

const kinds = (events: readonly Event[]): string[] =>
  events.map((event) =>
    isAction(event)
      ? event.action
      : event.observation === "agent_state_changed"
        ? event.extras.agent_state
        : `→${event.observation}`,
  );
const answers = (events: readonly Event[], id: number): Event[] =>
  events.filter((event) => !isAction(event) && event.cause === id);
const refused = (code: ErrorCode, words: RegExp) => (error: unknown) =>
  error instanceof DeckhandError && error.code === code && words.test(error.message);
const go = { task: "go" };
const command = (line: string, id = line) => call("run", { command: line }, id);

test("[Q2] an action that needs approval waits, and an approval of its id runs it as stored", async () => {
  const model = arrayModel([[text("Let me."), command("rm a", "1"), command("rm b", "2")], [text("Done.")]]);
  await using it = await stage(model);
  await it.conversation.submit("start", go);
  const waiting = await it.asked();
  assert.deepEqual(kinds(await it.log()).slice(-3), ["→reply", "awaiting_user_confirmation", "run"]);
  assert.equal(waiting.args.confirmation_state, "awaiting_confirmation");
  assert.deepEqual(waiting.approval?.reasons, ["no_sandbox"]);
  assert.equal(waiting.approval?.cwd, "/w");
  assert.deepEqual(it.conversation.state.awaiting, { id: waiting.id, ...waiting.approval });
  assert.deepEqual(fold(await it.log()).awaiting, it.conversation.state.awaiting, "every new subscriber sees it");

  await it.conversation.submit("approve", { id: waiting.id, decision: "allow" });
  // The remaining calls of the reply follow, one at a time.
  await it.until("awaiting_user_confirmation");
  assert.deepEqual(it.ran, [waiting.args], "what runs is what was stored and shown");
  const second = await it.asked();
  assert.equal(second.args.command, "rm b");
  await it.conversation.submit("approve", { id: second.id, decision: "allow" });
  await it.until("awaiting_user_input");
  assert.deepEqual(kinds(await it.log()).slice(6), [
    "→reply",
    "awaiting_user_confirmation",
    "run",
    "approve",
    "user_confirmed",
    "→run",
    "running",
    "awaiting_user_confirmation",
    "run",
    "approve",
    "user_confirmed",
    "→run",
    "running",
    "→reply",
    "message",
    "awaiting_user_input",
  ]);
  assert.equal(model.requestLengths.length, 2, "no second call of the model for what was approved");
});

test("[Q3] the model gets a denial with its reason, and the remaining calls of the reply are dropped", async () => {
  let lastMessage = "";
  const model = arrayModel((request) => {
    if (model.requestLengths.length === 1) return [command("rm a", "1"), command("rm b", "2")];
    lastMessage = JSON.stringify(request.messages.at(-1));
    return [text("Then not.")];
  });
  await using it = await stage(model);
  await it.conversation.submit("start", go);
  const { id } = await it.asked();
  await it.conversation.submit("approve", { id, decision: "deny", reason: "keep it" });
  await it.until("awaiting_user_input");
  assert.deepEqual(it.ran, []);
  assert.match(lastMessage, /The user denied this action: keep it.*Not run/);
  assert.deepEqual(kinds(await it.log()).slice(9), [
    "approve",
    "user_rejected",
    "→user_rejected",
    "running",
    "→reply",
    "message",
    "awaiting_user_input",
  ]);
});

test("[Q4] allowing for the conversation saves the rule that was shown", async () => {
  const model = arrayModel([
    [command("git status -s")],
    [command("git status && git add a", "2")],
    [command("git status; rm a", "3")],
    [text("Done.")],
  ]);
  await using it = await stage(model);
  await it.conversation.submit("start", go);
  const first = await it.asked();
  assert.deepEqual(first.approval?.rules, [{ action: "run", pattern: "git status *" }]);
  const stored = await it.conversation.submit("approve", {
    id: first.id,
    decision: "allow_for_conversation",
    rules: [{ action: "run", pattern: "rm *" }],
  });
  assert.ok(isAction(stored) && stored.action === "approve");
  assert.deepEqual(stored.args.rules, [{ action: "run", pattern: "git status *" }], "and not what a client makes up");
  await it.until("awaiting_user_confirmation");
  const second = await it.asked();
  assert.equal(second.args.command, "git status && git add a");
  await it.conversation.submit("approve", { id: second.id, decision: "allow_for_conversation" });
  await it.until("awaiting_user_confirmation");
  const third = await it.asked();
  assert.equal(third.args.command, "git status; rm a");
  assert.deepEqual(
    it.conversation.state.rules.map(({ pattern }) => pattern),
    ["git status *", "git add *"],
  );
  await it.conversation.submit("change_agent_state", { agent_state: "stopped" });
});

test("[Q19] what is allowed for the server needs no approval in any conversation, and the action names the rule", async () => {
  const model = (): ArrayModel => arrayModel([[command("git status -s")], [command("rm a")], [text("Done.")]]);
  await using it = await stage(model());
  await it.conversation.submit("start", go);
  const first = await it.asked();
  const stored = await it.conversation.submit("approve", { id: first.id, decision: "allow_for_server" });
  const shown = [{ action: "run", pattern: "git status *" }];
  assert.ok(isAction(stored) && stored.action === "approve");
  assert.deepEqual(stored.args.rules, shown);
  const serverRules = await it.deps.store.rules.list();
  assert.deepEqual(
    serverRules.map(({ action, pattern }) => ({ action, pattern })),
    shown,
  );
  await it.until("awaiting_user_confirmation");
  const here = await it.asked();
  assert.equal(here.args.command, "rm a");
  await it.conversation.submit("approve", { id: here.id, decision: "deny" });

  await using other = await Conversation.open("other", { ...it.deps, findModel: async () => model() });
  await other.submit("start", go);
  const stop = new AbortController();
  for await (const event of other.follow(-1, stop.signal)) if ("approval" in event) stop.abort();
  const runs = (await other.read(-1, 100)).filter((event) => isAction(event) && event.action === "run");
  assert.deepEqual(
    runs.map(({ args, allowed_by, approval }) => [args.command, allowed_by, approval?.reasons]),
    [
      ["git status -s", [{ ...shown[0], scope: "server" }], undefined],
      ["rm a", undefined, ["no_sandbox"]],
    ],
  );
  assert.deepEqual(other.state.rules, [], "it is the server's, not the conversation's");
});

test("[Q19] a deleted server rule no longer applies, and a rule that cannot be stored allows nothing", async () => {
  const model = arrayModel([[command("ls")], [command("ls", "2")], [text("Done.")]]);
  await using it = await stage(model);
  const { rules } = it.deps.store;
  const [stored] = await rules.add([{ action: "run", pattern: "ls" }]);
  await rules.delete(stored?.id ?? 0);
  await it.conversation.submit("start", go);
  const { id } = await it.asked();
  await rules.add(Array.from({ length: maxRules }, (_, at) => ({ action: "run", pattern: `x ${at}` })));
  const allow = it.conversation.submit("approve", { id, decision: "allow_for_server" });
  await assert.rejects(allow, refused("limit_exceeded", /Delete one/));
  assert.equal(it.conversation.state.awaiting?.id, id);
  assert.deepEqual(it.ran, []);
});

test("[Q4] an action that no rule can describe is allowed once or not at all", async () => {
  await using it = await stage(arrayModel([[command("bash -c 'rm a'")]]));
  await it.conversation.submit("start", go);
  const { id } = await it.asked();
  const always = it.conversation.submit("approve", { id, decision: "allow_for_conversation" });
  await assert.rejects(always, refused("bad_args", /allowed once/));
  const everywhere = it.conversation.submit("approve", { id, decision: "allow_for_server" });
  await assert.rejects(everywhere, refused("bad_args", /allowed once/));
  assert.equal(it.conversation.state.awaiting?.id, id);
});

test("[Q5] of two answers the first one counts, and the second one is lastMessage so", async () => {
  await using it = await stage(arrayModel([[command("rm a")], [text("Done.")]]));
  await it.conversation.submit("start", go);
  const { id } = await it.asked();
  const [first, second] = await Promise.allSettled([
    it.conversation.submit("approve", { id, decision: "deny" }),
    it.conversation.submit("approve", { id, decision: "allow" }),
  ]);
  assert.equal(first.status, "fulfilled");
  assert.ok(second.status === "rejected");
  assert.ok(refused("already_done", new RegExp(`^Action ${id} was already denied by a client\\.$`))(second.reason));
  await it.until("awaiting_user_input");
  assert.deepEqual(it.ran, []);
  const log = await it.log();
  assert.equal(answers(log, id).length, 1);
  await assert.rejects(
    it.conversation.submit("approve", { id: 0, decision: "allow" }),
    refused("conflict", /^Action 0 is not waiting/),
  );
});

test("[Q6] a message typed while an approval is pending does not approve it", async () => {
  await using it = await stage(arrayModel([[command("rm a")], [text("Done.")]]));
  await it.conversation.submit("start", go);
  const { id } = await it.asked();
  await it.conversation.submit("message", { content: "yes, allow it" });
  await it.conversation.submit("start", go);
  assert.equal(it.conversation.state.agentState, "awaiting_user_confirmation");
  assert.equal(it.conversation.state.queued.length, 2);
  for (const state of ["running", "paused"]) {
    const wanted = it.conversation.submit("change_agent_state", { agent_state: state });
    await assert.rejects(wanted, refused("conflict", /waits for an approval/));
  }
  assert.deepEqual(it.ran, []);
  await it.conversation.submit("approve", { id, decision: "allow" });
  await it.until("awaiting_user_input");
  assert.equal(it.ran.length, 1);
  assert.deepEqual(kinds(await it.log()).slice(-8), [
    "user_confirmed",
    "→run",
    "running",
    "→chat",
    "→chat",
    "→reply",
    "message",
    "awaiting_user_input",
  ]);
});

test("[Q7] stop, finish and reject close the waiting action with one observation, and it cannot be approved later", async () => {
  for (const [kind, args, state] of [
    ["change_agent_state", { agent_state: "stopped" }, "stopped"],
    ["finish", {}, "finished"],
    ["reject", {}, "rejected"],
  ] as const) {
    await using it = await stage(arrayModel([[command("rm a")], [text("Done.")]]));
    await it.conversation.submit("start", go);
    const { id } = await it.asked();
    await it.conversation.submit(kind, args);
    assert.equal(it.conversation.state.agentState, state);
    assert.equal(answers(await it.log(), id).length, 1);
    await assert.rejects(
      it.conversation.submit("approve", { id, decision: "allow" }),
      refused("conflict", /is not waiting/),
    );
    await it.conversation.submit("message", { content: "go on" });
    await it.until("awaiting_user_input");
    assert.deepEqual(it.ran, []);
    assert.equal(answers(await it.log(), id).length, 1);
  }
});

test("[Q7] an action that is approved and stopped at once has one observation, and does not run with the next message", async () => {
  for (let ticks = 0; ticks < 25; ticks += 1) {
    const model = arrayModel((request) => (request.messages.length === 1 ? [command("rm a")] : [text("Ok.")]));
    // In half of the runs the turn takes a while to begin, so that the stop precedes the approved action.
    const findModel = async (): Promise<ArrayModel> => {
      if (ticks % 2 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
      return model;
    };
    await using it = await stage(model, {}, { findModel });
    await it.conversation.submit("start", go);
    const { id } = await it.asked();
    const approving = it.conversation.submit("approve", { id, decision: "allow" });
    for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve();
    if (ticks > 15) await new Promise((resolve) => setImmediate(resolve));
    await it.conversation.submit("change_agent_state", { agent_state: "stopped" }).catch(() => {});
    const before = it.ran.length;
    await approving.catch(() => {});
    const answered = new AbortController();
    const tooLong = setTimeout(() => answered.abort(), 3_000);
    for await (const event of it.conversation.follow(-1, answered.signal)) {
      if (!isAction(event) && event.cause === id) answered.abort();
    }
    clearTimeout(tooLong);
    assert.equal(answers(await it.log(), id).length, 1, `after ${ticks} ticks`);
    await it.conversation.submit("message", { content: "go on" });
    await it.until("awaiting_user_input", "error");
    assert.equal(it.ran.length, before);
    assert.equal(answers(await it.log(), id).length, 1, `after ${ticks} ticks`);
    assert.equal(it.conversation.state.open.length, 0);
  }
});

test("[Q7][K13] a stop that cannot close an approved action is reported, and the server goes on", async () => {
  const model = arrayModel(() => [command("rm a")]);
  // The turn takes a while to begin, so that the stop comes before the approved action has begun.
  const findModel = async (): Promise<ArrayModel> => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return model;
  };
  const faults: unknown[] = [];
  const reported = Promise.withResolvers<void>();
  const store = openSqliteStore(join(folder, `${(files += 1)}.db`));
  const failing = watchedStore(store, (events) => {
    const isClosing = events.some((event) => "observation" in event && event.observation === "error");
    if (isClosing) throw new DeckhandError("store_failed", "The disk is full.");
  });
  const onFault = (_: string, fault: unknown): void => {
    faults.push(fault);
    reported.resolve();
  };
  await using it = await stage(model, {}, { findModel, store: failing, onFault });
  await it.conversation.submit("start", go);
  const { id } = await it.asked();
  await it.conversation.submit("approve", { id, decision: "allow" });
  await it.conversation.submit("change_agent_state", { agent_state: "stopped" });
  await reported.promise;
  // An unhandled rejection would end the process, and fails this test.
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(faults.every((fault) => fault instanceof DeckhandError && fault.code === "store_failed"));
  assert.equal(it.conversation.state.agentState, "stopped");
  assert.equal(it.ran.length, 0);
});

test("[Q8] an unanswered approval is denied at its deadline, and the agent continues", async () => {
  await using it = await stage(arrayModel([[command("rm a")], [text("Then not.")]]), { approval_seconds: 0.1 });
  await it.conversation.submit("start", go);
  const { id } = await it.asked();
  await it.until("awaiting_user_input");
  const [answer] = answers(await it.log(), id);
  assert.ok(answer !== undefined && !isAction(answer) && answer.observation === "user_rejected");
  assert.match(answer.content, /nobody answered before 20/);
  await assert.rejects(
    it.conversation.submit("approve", { id, decision: "allow" }),
    refused("already_done", /already denied because nobody answered/),
  );
  assert.deepEqual(it.ran, []);
});

test("[Q8] with a deadline of zero the action is denied at once and nobody is asked", async () => {
  await using it = await stage(arrayModel([[command("rm a", "1"), command("rm b", "2")], [text("Then not.")]]), {
    approval_seconds: 0,
  });
  await it.conversation.submit("start", go);
  await it.until("awaiting_user_input");
  assert.deepEqual(kinds(await it.log()).slice(5), [
    "→chat",
    "→reply",
    "run",
    "→user_rejected",
    "→reply",
    "message",
    "awaiting_user_input",
  ]);
  assert.deepEqual(it.ran, []);
  assert.equal(it.conversation.state.open.length, 0);
});

test("[Q9] after a restart an approval keeps waiting for the rest of its time, and nothing is run", async () => {
  const model = arrayModel([[command("rm a")], [text("Done.")]]);
  await using it = await stage(model);
  await it.conversation.submit("start", go);
  const waiting = await it.asked();
  const before = await it.log();
  await it.reopen();
  assert.deepEqual(await it.log(), before, "nothing is said and nothing is done");
  assert.deepEqual(it.conversation.state.awaiting, { id: waiting.id, ...waiting.approval });
  await it.conversation.submit("approve", { id: waiting.id, decision: "allow" });
  await it.until("awaiting_user_input");
  assert.deepEqual(it.ran, [waiting.args]);
});

test("[Q9] an approval that expired while the server was down is denied, and the agent waits for a person", async () => {
  const model = arrayModel([[command("rm a")], [text("Done.")]]);
  await using it = await stage(model);
  await it.conversation.submit("start", go);
  const { id } = await it.asked();
  const later = await Conversation.open("c", { ...it.deps, now: () => Date.now() + 3_600_001 });
  assert.equal(later.state.agentState, "paused");
  assert.deepEqual(kinds(await it.log()).slice(-4), ["approve", "user_rejected", "→user_rejected", "paused"]);
  assert.equal(answers(await it.log(), id).length, 1);
  assert.equal(model.requestLengths.length, 1);
  assert.deepEqual(it.ran, []);
  await later[Symbol.asyncDispose]();
});

test("[Q9] an action that was approved when the server was killed is closed as unknown and not run", async () => {
  await using it = await stage(arrayModel([[command("rm a")], [text("Done.")]]));
  await it.conversation.submit("start", go);
  const { id } = await it.asked();
  await it.deps.store.append(
    "c",
    it.conversation.state.head + 1,
    [{ source: "user", message: "", action: "approve", args: { id, decision: "allow", reason: "" } }],
    () => ({
      title: "go",
      agentState: "awaiting_user_confirmation",
      costUsd: 0,
      busy: true,
      waiting: null,
      parent: null,
    }),
  );
  await it.reopen();
  const [answer] = answers(await it.log(), id);
  assert.ok(answer !== undefined && !isAction(answer) && answer.observation === "error");
  assert.equal(answer.extras.code, "outcome_unknown");
  assert.deepEqual(it.ran, []);
});

test("[Q10] an approval applies to the directory in which it was requested", async () => {
  await using it = await stage(arrayModel([[command("rm *")], [text("Then not.")]]));
  await it.conversation.submit("start", go);
  const { id } = await it.asked();
  const moved = it.conversation.submit("initialize", { directory: "sub" });
  await assert.rejects(moved, refused("conflict", /waits for an approval/));
  it.shell.cwd = "/w/sub";
  await it.conversation.submit("approve", { id, decision: "allow" });
  await it.until("awaiting_user_input");
  assert.deepEqual(it.ran, []);
  const [answer] = answers(await it.log(), id);
  assert.ok(answer !== undefined && !isAction(answer) && answer.observation === "error");
  assert.match(answer.content, /approved for the directory \/w, .* now in \/w\/sub/);
});

test("[Q1] `never` asks about nothing, `always` about everything that runs; a change applies to the next action", async () => {
  const model = arrayModel([
    [call("run", { command: "a" }, "1")],
    [call("read", { path: "a" }, "2")],
    [call("think", { thought: "hm" }, "3"), call("finish", {}, "4")],
  ]);
  await using it = await stage(model, { approval: "never" });
  let changed = false;
  const stop = new AbortController();
  await it.conversation.submit("start", go);
  for await (const event of it.conversation.follow(-1, stop.signal)) {
    if (!changed && isAction(event) && event.action === "run") {
      changed = true;
      await it.conversation.submit("initialize", { approval: "always" });
    }
    if (it.conversation.state.awaiting !== null || it.conversation.state.agentState === "finished") stop.abort();
  }
  assert.equal(it.ran.length, 1);
  if (it.conversation.state.awaiting !== null) {
    const { id, reasons } = it.conversation.state.awaiting;
    assert.deepEqual(reasons, ["policy_always"]);
    await it.conversation.submit("approve", { id, decision: "allow_for_conversation" });
  } else assert.fail("the read was not asked about");
  await it.until("finished");
});

test("[Q1] confirmation mode asks about commands only, and takes the answers of classic clients", async () => {
  const model = arrayModel([
    [call("read", { path: "a" }), command("ls", "1")],
    [text("Ok.")],
    [command("ls", "2")],
    [text("Ok.")],
  ]);
  await using it = await stage(model, { confirmation_mode: true, approval: "never" });
  await it.conversation.submit("start", go);
  await it.asked();
  await it.conversation.submit("change_agent_state", { agent_state: "user_rejected" });
  assert.equal(it.conversation.state.agentState, "awaiting_user_input");
  assert.equal(model.requestLengths.length, 1, "the agent rests");
  await it.conversation.submit("message", { content: "again" });
  await it.until("awaiting_user_input");
  await it.conversation.submit("message", { content: "again" });
  await it.asked();
  await it.conversation.submit("change_agent_state", { agent_state: "user_confirmed" });
  await it.until("awaiting_user_input");
  assert.equal(it.ran.length, 1);
});

type Op =
  | "allow"
  | "deny"
  | "wrong"
  | "message"
  | "stopped"
  | "paused"
  | "running"
  | "user_confirmed"
  | "reopen"
  | "rest";

test("[Q18] in any order of answers, messages, stops, pauses and restarts nothing runs unapproved or twice", async () => {
  const op = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom<Op>("allow", "rest") },
    { weight: 1, arbitrary: fc.constantFrom<Op>("deny", "wrong", "message", "stopped", "paused") },
    { weight: 1, arbitrary: fc.constantFrom<Op>("running", "user_confirmed", "reopen") },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(op, { minLength: 3, maxLength: 14 }), async (ops) => {
      let replies = 0;
      const model = arrayModel(() => {
        replies += 1;
        if (replies % 4 === 0) return [text("And now?")];
        return [1, 2].slice(0, replies % 3).map((n) => command(`do ${replies}.${n}`));
      });
      await using it = await stage(model);
      await it.conversation.submit("start", go);
      for (const each of ops) await play(it, each);
      await it.conversation.submit("change_agent_state", { agent_state: "stopped" });
      await settled(it);

      const log = await it.log();
      assert.deepEqual(fold(log), it.conversation.state);
      const actions = log.filter((event) => isAction(event) && event.action === "run");
      for (const { id } of actions) assert.equal(answers(log, id).length, 1, `action ${id}`);
      const started = it.ran.map((args) => (args as Action<"run">["args"]).command);
      assert.equal(new Set(started).size, started.length, "nothing runs twice");
      for (const line of started) {
        const action = actions.find((event) => event.args.command === line);
        const allowed = log.some(
          (event) =>
            isAction(event) &&
            event.action === "approve" &&
            event.args.decision === "allow" &&
            event.args.id === action?.id,
        );
        assert.ok(allowed, `${line} was not allowed`);
      }
    }),
    { numRuns: 50 },
  );
});

async function play(it: Stage, op: Op): Promise<void> {
  const { state } = it.conversation;
  const submit = (kind: string, args: unknown): Promise<unknown> =>
    it.conversation.submit(kind, args).catch((error: unknown) => {
      assert.ok(error instanceof DeckhandError && ["conflict", "already_done"].includes(error.code), String(error));
    });
  switch (op) {
    case "allow":
    case "deny":
      return void (await submit("approve", { id: state.awaiting?.id ?? 0, decision: op }));
    case "wrong":
      return void (await submit("approve", { id: (state.awaiting?.id ?? 0) + 1, decision: "allow" }));
    case "message":
      return void (await submit("message", { content: "yes" }));
    case "reopen":
      // A conversation at work cannot be abandoned in this process as if the server had been killed.
      return state.awaiting === null ? undefined : it.reopen();
    case "rest":
      return settled(it);
    default:
      return void (await submit("change_agent_state", { agent_state: op }));
  }
}

/** Resolves when nothing has happened for some turns of the event loop. */
async function settled(it: Stage): Promise<void> {
  for (let quiet = 0, head = -1; quiet < 6; quiet += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    if (it.conversation.state.head === head) continue;
    quiet = 0;
    head = it.conversation.state.head;
  }
}
