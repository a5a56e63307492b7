/** Conversations and their subagents without a sandbox: limits, approvals and pauses, step by step. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import {
  isAction,
  type ActionKind,
  type AgentState,
  type Event,
  type Observation,
  type Settings,
} from "@deckhand/protocol";
import { createAgentFinder } from "../../agent/agents.ts";
import { parseDefinition } from "../../agent/definitions/definition.ts";
import { builtInDefinitions } from "../../agent/definitions/load.ts";
import { arrayModel, call, testTools, text, untilAborted, type Reply } from "../../agent/array-model.test-kit.ts";
import type { ModelRequest } from "../../llm/model.ts";
import { openSqliteStore } from "../../store/sqlite/sqlite-store.ts";
import type { ConversationRow } from "../../store/event-store.ts";
import { delegateTool } from "../../tools/delegate.ts";
import type { Tool } from "../../tools/tool.ts";
import type { ConversationApi } from "../api.ts";
import { Conversations } from "../conversations.ts";
import { testDeps } from "../deps.test-kit.ts";

const folder = await mkdtemp(join(tmpdir(), "deckhand-family-"));
after(() => rm(folder, { recursive: true, force: true }));
let files = 0;

const tools = new Map<ActionKind, Tool>([...testTools, ["delegate", delegateTool([])]]);
/** Like a user's own definition, with a tighter limit than the default. */
const short = parseDefinition(
  "---\nname: short\ndescription: Stops soon.\ntools: [read]\nmodel: small\nlimits: { steps: 2 }\n---\nYou read.",
);
const finder = createAgentFinder(
  tools,
  short.type === "invalid" ? builtInDefinitions : [...builtInDefinitions, short.definition],
);
const finish = call("finish", { thought: "Done." }, "end");
const delegate = (task: string, id = task, agent = "CodeActAgent") => call("delegate", { agent, task }, id);

interface TestConversations extends AsyncDisposable {
  readonly conversations: Conversations;
  /** The names of the models that were requested. */
  readonly models: ReadonlySet<string | undefined>;
  begin(task: string, settings?: Settings): Promise<ConversationApi>;
  childrenOf(id: string): Promise<readonly ConversationRow[]>;
  open(row: ConversationRow | undefined): Promise<ConversationApi>;
}

/** The replies of the model in the conversation of that task, in order. */
type Plays = Readonly<Record<string, readonly (Reply | "waits")[]>>;

async function openConversations(
  plays: Plays,
  limits: { readonly maxCostUsd?: number } = {},
): Promise<TestConversations> {
  const store = openSqliteStore(join(folder, `${(files += 1)}.db`));
  const models = new Set<string | undefined>();
  const next = (request: ModelRequest): Reply | "waits" => {
    const [first] = request.messages;
    const task = first?.role === "user" ? first.text : "";
    const spoken = request.messages.filter(({ role }) => role === "assistant").length;
    return plays[task]?.[spoken] ?? [finish];
  };
  const model = arrayModel(
    (request) => {
      const reply = next(request);
      return reply === "waits" ? [finish] : reply;
    },
    async (request, signal) => {
      if (next(request) === "waits") await untilAborted(signal);
    },
  );
  const free = { maxSteps: 500, maxCostUsd: Infinity, maxTokens: Infinity, maxSeconds: Infinity };
  const deps = testDeps(model, {
    store,
    tools,
    findAgent: finder,
    findModel: async ({ name }) => {
      models.add(name);
      return model;
    },
    home: (id) => join(folder, "homes", id),
    limits: { ...free, ...limits },
  });
  const conversations = new Conversations(deps);
  return {
    conversations,
    models,
    async begin(task, settings = {}) {
      const conversation = await conversations.open("p");
      await conversation.submit("initialize", settings);
      await conversation.submit("start", { task });
      return conversation;
    },
    childrenOf: (id) => conversations.list({ parent: id, limit: 100 }),
    async open(row) {
      return conversations.open(row?.id ?? "nobody");
    },
    async [Symbol.asyncDispose]() {
      await conversations[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

/** The first matching event, already stored or new. */
async function until(conversation: ConversationApi, fits: (event: Event) => boolean, from = -1): Promise<Event> {
  for await (const event of conversation.follow(from, AbortSignal.timeout(10_000))) if (fits(event)) return event;
  return assert.fail("it did not come");
}

const isNow =
  (state: AgentState) =>
  (event: Event): boolean =>
    !isAction(event) && event.observation === "agent_state_changed" && event.extras.agent_state === state;
const isReported =
  (fits: (child: Observation<"child">["extras"]) => boolean) =>
  (event: Event): boolean =>
    !isAction(event) && event.observation === "child" && fits(event.extras);
const all = (conversation: ConversationApi): Promise<readonly Event[]> => conversation.read(-1, 10_000);
const codes = (log: readonly Event[]): string[] =>
  log.flatMap((event) => (!isAction(event) && event.observation === "error" ? [event.extras.code] : []));

test("[DG11] at most eight subagents work below one conversation; further ones are refused", async () => {
  const few = [0, 1, 2, 3].map((n) => delegate(`wait ${n}`));
  await using all8 = await openConversations({
    go: [[delegate("many"), delegate("more")]],
    many: [few],
    more: [few.map((part) => ({ ...part }))],
    ...Object.fromEntries([0, 1, 2, 3].map((n) => [`wait ${n}`, ["waits"] as const])),
  });
  const parent = await all8.begin("go");
  await until(
    parent,
    isReported(({ agent_state: is }) => is === "running"),
  );
  const [one, two] = await Promise.all((await all8.childrenOf("p")).map((row) => all8.open(row)));
  assert.ok(one !== undefined && two !== undefined);
  const refusals = await Promise.all(
    [one, two].map(async (child) => {
      await until(child, (event) => isAction(event) && event.action === "delegate");
      return child;
    }),
  );
  // Two of the eight delegate further; of their requests, six are started.
  const begun = async (): Promise<number> =>
    (await Promise.all(refusals.map(({ id }) => all8.childrenOf(id)))).reduce((sum, rows) => sum + rows.length, 0);
  while ((await begun()) < 6) await new Promise((resolve) => setImmediate(resolve));
  await parent.submit("change_agent_state", { agent_state: "stopped" });
  await Promise.all(refusals.map((child) => until(child, isNow("stopped"))));
  while (refusals.some(({ state }) => state.open.length > 0)) await new Promise((resolve) => setImmediate(resolve));
  const logs = (await Promise.all(refusals.map(all))).flat();
  assert.equal(await begun(), 6);
  assert.equal(logs.filter((event) => isAction(event) && event.action === "delegate").length, 8);
  const expected = [...Array<string>(2).fill("delegate_refused"), ...Array<string>(6).fill("interrupted")];
  assert.deepEqual(codes(logs).toSorted(), expected);
});

test("[DG9] eight parallel subagents share the remaining cost limit, including their own subagents", async () => {
  const steps = Array.from({ length: 20 }, (_, n) => [call("read", { path: `${n}` }, `r${n}`)] as const);
  await using shared = await openConversations({
    go: [[delegate("a"), delegate("b"), delegate("c")]],
    a: [[delegate("a below")]],
    "a below": steps,
    b: steps,
    c: steps,
  });
  // A step costs a quarter of a dollar: eight steps are two dollars.
  const parent = await shared.begin("go", { max_cost_usd: 2 });
  await until(parent, isNow("paused"));
  assert.equal(parent.state.atLimit, "limit_cost");
  const { costUsd } = parent.state.usage;
  // Three steps were in progress when the limit was reached.
  assert.ok(costUsd >= 2 && costUsd <= 2.75, String(costUsd));
  assert.equal(parent.state.childUsage.costUsd, costUsd - 0.25);
  const children = await shared.childrenOf("p");
  assert.deepEqual(
    children.map(({ agentState }) => agentState),
    ["paused", "paused", "paused"],
  );
});

test("[DG7] loosening a running subagent has no effect, and its approval deadline applies while the parent waits", async () => {
  await using strict = await openConversations({
    go: [[delegate("act")]],
    act: [[call("read", { path: "1" }, "r1")], [call("read", { path: "2" }, "r2")]],
  });
  const parent = await strict.begin("go", { approval: "always", approval_seconds: 1 });
  // The delegation itself is an action.
  const asked = await until(parent, (event) => isAction(event) && event.approval !== undefined);
  await parent.submit("approve", { id: asked.id, decision: "allow" });
  await until(
    parent,
    isReported(({ awaiting }) => awaiting !== null),
  );
  const child = await strict.open((await strict.childrenOf("p"))[0]);
  await child.submit("initialize", { approval: "never", approval_seconds: 3600 });
  const first = child.state.awaiting?.id ?? -1;
  await child.submit("approve", { id: first, decision: "allow" });
  const second = await until(child, (event) => isAction(event) && event.approval !== undefined, first);
  const { expires_at: until1 = "" } = (isAction(second) ? second.approval : undefined) ?? {};
  assert.ok(Date.parse(until1) - Date.parse(second.timestamp) <= 1000);
  await until(child, (event) => !isAction(event) && event.cause === second.id && event.observation === "user_rejected");
  const answer = await until(parent, (event) => !isAction(event) && event.observation === "delegate");
  assert.equal(answer.source, "agent");
  await until(parent, isNow("finished"));
});

test("[DG7] what the parent was allowed for the conversation is allowed to its subagent", async () => {
  await using trusting = await openConversations({
    go: [[call("read", { path: "a" }, "r")], [delegate("look")]],
    look: [[call("read", { path: "a" }, "r")]],
  });
  const parent = await trusting.begin("go", { approval: "always" });
  const waits = (event: Event): boolean => isAction(event) && event.approval !== undefined;
  const asked = await until(parent, waits);
  await parent.submit("approve", { id: asked.id, decision: "allow_for_conversation" });
  const handed = await until(parent, waits, asked.id);
  await parent.submit("approve", { id: handed.id, decision: "allow" });
  await until(parent, isNow("finished"));
  const log = await all(await trusting.open((await trusting.childrenOf("p"))[0]));
  const read = log.find((event) => isAction(event) && event.action === "read");
  assert.deepEqual(read !== undefined && isAction(read) && read.allowed_by, [
    { action: "read", pattern: "/w/a", scope: "conversation" },
  ]);
});

test("[DG8] the parent waits for a subagent that a person paused, and its model is told if it was stopped", async () => {
  await using patient = await openConversations({
    go: [[delegate("slow"), delegate("other")]],
    slow: ["waits"],
    other: ["waits"],
  });
  const parent = await patient.begin("go");
  for (const task of ["slow", "other"]) {
    await until(
      parent,
      isReported(({ agent_state: is, steps }) => is === "running" && steps === 0 && task !== ""),
    );
  }
  const rows = await patient.childrenOf("p");
  const slow = await patient.open(rows.find(({ title }) => title === "slow"));
  const other = await patient.open(rows.find(({ title }) => title === "other"));
  await slow.submit("change_agent_state", { agent_state: "paused" });
  await until(
    parent,
    isReported(({ conversation, agent_state: is }) => conversation === slow.id && is === "paused"),
  );
  // Pausing and resuming the parent does not override the person's pause.
  await parent.submit("change_agent_state", { agent_state: "paused" });
  await until(other, isNow("paused"));
  const from = other.state.head;
  await parent.submit("change_agent_state", { agent_state: "running" });
  await until(other, isNow("running"), from);
  assert.equal(slow.state.agentState, "paused");
  await slow.submit("change_agent_state", { agent_state: "stopped" });
  await other.submit("change_agent_state", { agent_state: "stopped" });
  await until(parent, isNow("finished"));
  const answers = (await all(parent)).flatMap((event) =>
    !isAction(event) && event.observation === "delegate" ? [event.content.replace(/Conversation .*/, "")] : [],
  );
  const stopped = "CodeActAgent was stopped before it finished. ";
  assert.deepEqual(answers, [stopped, stopped]);
});

test("[DG9] continuing a subagent later counts towards the parent's cost, but not towards the steps of a turn", async () => {
  await using later = await openConversations({ go: [[delegate("quick")]], quick: [[text("Here.")], [text("More.")]] });
  const parent = await later.begin("go");
  await until(parent, isNow("finished"));
  const before = parent.state;
  assert.equal(before.turn.steps, 3);
  const [row] = await later.childrenOf("p");
  assert.equal(row?.agentState, "awaiting_user_input");
  // Its message was the answer: nothing waits for it any more.
  assert.equal(row?.waiting, null);
  const child = await later.open(row);
  await child.submit("message", { content: "And?" });
  await until(
    parent,
    isReported(({ steps }) => steps === 2),
  );
  assert.equal(parent.state.usage.costUsd - before.usage.costUsd, 0.25);
  assert.equal(parent.state.turn.steps, 3);
  assert.equal(parent.state.usage.steps, before.usage.steps + 1);
});

test("[DG1] an agent uses the model and the limits of its definition", async () => {
  const steps = Array.from({ length: 9 }, (_, n) => [call("read", { path: `${n}` }, `r${n}`)] as const);
  await using own = await openConversations({ go: [[delegate("read on", "d", "short")]], "read on": steps });
  const parent = await own.begin("go", { model: "large" });
  await until(parent, isNow("finished"));
  const answer = await until(parent, (event) => !isAction(event) && event.observation === "delegate");
  const { agent, agent_state: is, steps: taken } = (answer as Observation<"delegate">).extras;
  assert.deepEqual([agent, is, taken], ["short", "paused", 2]);
  assert.deepEqual([...own.models], ["large", "small"]);
});
