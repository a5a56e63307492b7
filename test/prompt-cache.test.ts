/** A long conversation through the real server: how much of each request a caching provider has seen before. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { ModelProcess } from "./kit/model-process.ts";
import { RawSocket } from "./kit/raw-socket.ts";
import { ServerProcess } from "./kit/server-process.ts";

/** Each is different, so that the agent is not stuck in a loop. */
const repliesOf = (steps: number) => [
  ...Array.from({ length: steps - 1 }, (_, step) => {
    const path = `notes/${step}.md`;
    const content = `# Note ${step}\n${"Some words of it. ".repeat(1 + (step % 40))}`;
    const calls =
      step % 3 === 0
        ? [{ name: "write", arguments: { path, content } }]
        : step % 15 === 1
          ? [{ name: "run", arguments: { command: `wc -w notes/${step - 1}.md && ls notes | tail -3` } }]
          : [
              { name: "read", arguments: { path: `notes/${step - (step % 3)}.md` } },
              { name: "read", arguments: { path: `notes/${step - (step % 3)}.md`, start: 1 } },
            ];
    return { reasoning: `Step ${step}: on with it.`, text: `Step ${step}.`, calls };
  }),
  { calls: [{ name: "finish", arguments: { thought: "All notes are written." } }] },
];

type Body = Record<string, unknown>;

async function play(t: TestContext, steps: number, entry: object): Promise<{ bodies: readonly Body[]; share: number }> {
  await using model = await ModelProcess.start(repliesOf(steps));
  const home = await mkdtemp(join(tmpdir(), "deckhand-test-"));
  t.after(() => rm(home, { recursive: true, force: true, maxRetries: 3 }));
  const models = [{ name: "cached", base_url: model.url, ...entry }];
  await writeFile(join(home, "models.json"), JSON.stringify({ models }));
  const env = { LLM_MODEL: "cached", LLM_API_KEY: "sk-canary-key-0123456789", MAX_ITERATIONS: "500" };
  await using server = await ServerProcess.start({ home, env });
  using socket = await RawSocket.open(server.wsUrl, ["deckhand.v1"]);
  socket.send({ action: "start", args: { task: "Write the notes." }, conversation: "c", command: "1" });
  await socket.next((frame) => "ack" in frame);
  socket.send({ subscribe: { conversation: "c", after: -1 } });
  await socket.next(({ extras }) => extras?.agent_state === "finished", { withinMs: 90_000 });
  const usages = socket.frames
    .filter(({ observation }) => observation === "reply")
    .map(({ extras }) => (extras as { usage: { input: number; cached_input: number } }).usage);
  const sum = (of: "input" | "cached_input") => usages.reduce((total, usage) => total + usage[of], 0);
  const bodies = (await model.requests()).map(({ body }) => body as unknown as Body);
  assert.equal(bodies.length, steps);
  return { bodies, share: sum("cached_input") / sum("input") };
}

const withoutMarks = (value: unknown): string =>
  JSON.stringify(value).replaceAll(',"cache_control":{"type":"ephemeral"}', "");

for (const [provider, steps, entry] of [
  ["chat completions", 200, {}],
  ["Anthropic", 50, { provider: "anthropic", model: "claude-sonnet-4-5" }],
] as const) {
  test(`[MP9] in ${steps} steps through ${provider} each request starts with the previous one, byte for byte`, async (t) => {
    const { bodies, share } = await play(t, steps, entry);
    for (const [at, body] of bodies.entries()) {
      const before = bodies[at - 1];
      if (before === undefined) continue;
      const prefix = withoutMarks(before["messages"]).slice(0, -1);
      assert.equal(withoutMarks(body["messages"]).slice(0, prefix.length), prefix, `request ${at}`);
      assert.equal(withoutMarks({ ...body, messages: [] }), withoutMarks({ ...before, messages: [] }), `request ${at}`);
    }
    t.diagnostic(`${(share * 100).toFixed(1)} % of the input tokens of ${steps} requests were cached (${provider})`);
    assert.ok(share > 0.9, `${share}`);
  });
}
