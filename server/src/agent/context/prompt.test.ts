import assert from "node:assert/strict";
import { test } from "node:test";
import { action, errorObservation, observation, type NewEvent, type ReplyPart } from "@deckhand/protocol";
import { createTools } from "../../tools/tools.ts";
import { createAgentFinder, delegateTargets } from "../agents.ts";
import { Prompt } from "./prompt.ts";

const tools = createTools({ commandTimeoutMs: 1000, browseAllow: [], agents: delegateTargets() });
const agent = createAgentFinder(tools)("CodeActAgent", "/w")!;

const usage = { input: 1, output: 1, cached_input: 0, cache_write: 0, reasoning: 0 };
const chat = (text: string): NewEvent => observation("user", "chat", text, { image_urls: null });
const call = (id: string, name: string, args: object): ReplyPart => ({
  type: "call",
  id,
  name,
  arguments: JSON.stringify(args),
});
const reply = (...parts: ReplyPart[]): NewEvent =>
  observation("agent", "reply", "", {
    model: "m",
    parts,
    finish_reason: "stop",
    usage,
    cost_usd: null,
    duration_ms: 1,
    first_token_ms: 1,
  });
const run = (source: "agent" | "user", command: string, origin = {}): NewEvent =>
  action(
    source,
    "run",
    { command, background: false, hidden: false, confirmation_state: "confirmed", thought: "" },
    origin,
  );
const ran = (source: "agent" | "user", content: string, origin: object): NewEvent =>
  observation(
    source,
    "run",
    content,
    { command: "c", exit_code: 0, cwd: "/w", duration_ms: 1, truncated: false, hidden: false },
    origin,
  );

function promptOf(events: readonly NewEvent[]): Prompt {
  const prompt = new Prompt(tools, { fixedChars: 0, maxResultChars: Number.POSITIVE_INFINITY });
  events.forEach((event, id) => prompt.add({ id, timestamp: "2026-01-01T00:00:00.000Z", ...event }));
  return prompt;
}
const messages = (events: readonly NewEvent[]) => structuredClone(promptOf(events).request(agent).messages);

test("[A1] results follow their reply in the order of its calls, and a user's own command comes after them", () => {
  const events = [
    chat("go"),
    reply(call("a", "run", { command: "one" }), call("b", "think", { thought: "hm" }), call("c", "nope", {})),
    run("agent", "one", { tool_call: { reply: 1, id: "a" } }),
    run("user", "ls"),
    ran("user", "file\n", { cause: 3 }),
    ran("agent", "1\n", { cause: 2, tool_call: { reply: 1, id: "a" } }),
    action("agent", "think", { thought: "hm" }, { tool_call: { reply: 1, id: "b" } }),
    errorObservation("agent", "unknown_tool", "no nope", { tool_call: { reply: 1, id: "c" } }),
  ];
  assert.deepEqual(messages(events).slice(2), [
    {
      role: "tool",
      results: [
        { call: "a", name: "run", content: "1\n[exit code 0, in /w]", isError: false },
        { call: "b", name: "think", content: "ok", isError: false },
        { call: "c", name: "nope", content: "no nope", isError: true },
      ],
    },
    {
      role: "user",
      text: "The user did this in the workspace: Running command: ls\nfile\n[exit code 0, in /w]",
      imageUrls: [],
    },
  ]);
});

test("[A2] a call without a result is reported as not run, and a late result changes nothing", () => {
  const stopped = [chat("go"), reply(call("a", "run", { command: "x" }), call("b", "run", { command: "y" }))];
  const late = ran("agent", "late", { cause: 9, tool_call: { reply: 1, id: "b" } });
  const sent = messages([...stopped, chat("again"), late]);
  assert.equal(sent.length, 4);
  assert.deepEqual(sent[2]?.role === "tool" && sent[2].results.map((result) => [result.call, result.isError]), [
    ["a", true],
    ["b", true],
  ]);
});

test("[A3] each request has the previous one as its byte-exact prefix, and a fold of the log gives the same prompt", () => {
  const log: NewEvent[] = [];
  const prompt = new Prompt(tools, { fixedChars: 0, maxResultChars: Number.POSITIVE_INFINITY });
  const requests: string[][] = [];
  const add = (...events: NewEvent[]): void => {
    for (const event of events) {
      prompt.add({ id: log.length, timestamp: "2026-01-01T00:00:00.000Z", ...event });
      log.push(event);
    }
  };
  for (let step = 0; step < 20; step += 1) {
    if (step % 5 === 0) add(chat(`message ${step}`));
    requests.push(prompt.request(agent).messages.map((message) => JSON.stringify(message)));
    // A user's command ends while the model replies, another while the agent's runs.
    add(run("user", "ls"), ran("user", `listing ${step}`, { cause: log.length }));
    const replyId = log.length;
    add(reply(call(`c${step}`, "run", { command: "x" })));
    const actionId = log.length;
    add(run("agent", "x", { tool_call: { reply: replyId, id: `c${step}` } }));
    add(run("user", "pwd"), ran("user", "/w", { cause: log.length }));
    if (step % 7 !== 6)
      add(ran("agent", `out ${step}`, { cause: actionId, tool_call: { reply: replyId, id: `c${step}` } }));
  }
  for (const [index, request] of requests.entries()) {
    const before = requests[index - 1] ?? [];
    assert.deepEqual(request.slice(0, before.length), before, `request ${index}`);
  }
  const live = prompt.request(agent).messages.map((message) => JSON.stringify(message));
  assert.deepEqual(
    messages(log).map((message) => JSON.stringify(message)),
    live,
  );
});

test("[A4] system prompt and tools together stay under 3,000 tokens and are the same bytes each time", () => {
  const { system, tools: specs } = promptOf([chat("x")]).request(agent);
  // Four characters a token, as a cautious estimate for English and JSON.
  const estimate = (system.length + JSON.stringify(specs).length) / 4;
  assert.ok(estimate < 3000, `${estimate} tokens`);
  // It contains no clock and no state of the machine.
  assert.doesNotMatch(system, /\b20\d\d\b|today|git status|branch/i);
  const again = promptOf([chat("y")]).request(createAgentFinder(tools)("CodeActAgent", "/w")!);
  assert.equal(JSON.stringify([again.system, again.tools]), JSON.stringify([system, specs]));
});

test("[X23] resumed without a message, the model is told to continue: a request never has two replies in a row or one at its end", () => {
  const done: ReplyPart = { type: "text", text: "Done." };
  const log = [chat("go"), reply(done), reply(done)];
  const roles = (events: readonly NewEvent[]): string[] => messages(events).map((message) => message.role);
  assert.deepEqual(roles(log.slice(0, 2)), ["user", "assistant", "user"]);
  assert.deepEqual(roles(log), ["user", "assistant", "user", "assistant", "user"]);
  assert.deepEqual(roles([...log.slice(0, 2), chat("more")]), ["user", "assistant", "user"]);
});

test("[HN6] an image that was read comes after the results of its reply and is removed by a prune", () => {
  const image = { url: "data:image/png;base64,AAAA", width: 1, height: 1 };
  const args = { start: 0, end: -1, thought: "" };
  const origins = ["a", "b"].map((id) => ({ tool_call: { reply: 1, id } }));
  const events = [
    chat("go"),
    reply(call("a", "read", { path: "p.png" }), call("b", "read", { path: "t" })),
    ...origins.map((origin, at) => action("agent", "read", { path: at === 0 ? "p.png" : "t", ...args }, origin)),
    ...origins.map((origin, at) =>
      at === 0
        ? observation("agent", "read", "[Image]", { path: "p.png", kind: "image", image }, { cause: 2, ...origin })
        : observation("agent", "read", "text", { path: "t" }, { cause: 3, ...origin }),
    ),
  ];
  const [, , results, shown] = messages(events);
  assert.deepEqual(results?.role === "tool" ? results.results.map(({ content }) => content) : [], [
    "[Image]",
    "1\ttext",
  ]);
  assert.deepEqual(shown, { role: "user", text: "(Image: p.png)", imageUrls: [image.url] });
  const prune = action("agent", "compact", { from: 0, to: 5, how: "prune", summary: "" });
  const pruned = messages([...events, prune])[3];
  assert.deepEqual(pruned, {
    role: "user",
    text: "(Image: p.png) (Image removed to save context.)",
    imageUrls: [],
  });
});
