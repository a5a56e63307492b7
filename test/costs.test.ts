/** Model costs as the command line shows them, with the real server. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { connect } from "@deckhand/client";
import { isAction, type ConversationCosts, type CostReport } from "@deckhand/protocol";
import { CliProcess } from "./kit/cli-process.ts";
import { ServerProcess } from "./kit/server-process.ts";

const usage = { input: 1200, output: 30, cached_input: 1000, reasoning: 7 };
const replies = [
  { calls: [{ name: "think", arguments: { thought: "hm" } }], usage },
  { calls: [{ name: "finish", arguments: { thought: "Done." } }], usage },
];

test("[WB5] costs shows spending by day, model and conversation, and run prints an estimate if there is one", async () => {
  const folder = await mkdtemp(join(tmpdir(), "deckhand-costs-"));
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, "script.json");
  await writeFile(path, JSON.stringify({ replies }));
  await using server = await ServerProcess.start({ env: { LLM_MODEL: `scripted/${path}` } });
  const cli = async (...args: readonly string[]): Promise<string> => {
    const process = new CliProcess([args[0] ?? "", "--url", server.url, ...args.slice(1)]);
    assert.equal(await process.end(), 0, process.stderr);
    return process.stdout;
  };

  assert.match(await cli("costs"), /^Nothing spent since \d{4}-\d{2}-\d{2}\.\n$/);
  const first = await cli("run", "the first task");
  assert.doesNotMatch(first, /A conversation with/);
  const client = connect({ url: server.url });
  cleanup.defer(() => client.close());
  for (let count = 0; count < 4; count += 1) {
    const { id } = await client.create({ task: "another task" });
    for await (const item of client.follow(id)) {
      if (item.type !== "event" || isAction(item.event) || item.event.observation !== "agent_state_changed") continue;
      if (item.event.extras.agent_state === "finished") break;
    }
  }
  const known = await cli("run", "the last task");
  assert.match(
    known,
    /A conversation with scripted\/\S+ takes about 2 steps for \$0\.0000; nine out of ten stay within 2/,
  );

  const report = JSON.parse(await cli("costs", "--json")) as CostReport;
  assert.deepEqual([report.total.calls, report.total.input, report.conversations.length], [12, 14_400, 6]);
  const lines = await cli("costs");
  assert.match(lines, /^Since \d{4}-\d{2}-\d{2}: \$0\.0000 for 12 calls\.$/m);
  assert.match(lines, /^day +calls +input +cached +output +reasoning +cost$/m);
  assert.match(lines, /^\d{4}-\d{2}-\d{2} +12 +14400 +12000 +360 +84 +\$0\.0000$/m);
  const newest = report.conversations.find(({ title }) => title === "the last task");
  assert.match(lines, new RegExp(`^${newest?.id} the last task +2 +2400 +2000 +60 +14 +\\$0\\.0000$`, "m"));

  const id = newest?.id ?? "";
  const one = JSON.parse(await cli("costs", "--json", id)) as ConversationCosts;
  assert.deepEqual(
    one.steps.map((step) => step.usage.input),
    [1200, 1200],
  );
  const table = await cli("costs", id);
  assert.match(table, /^total +2 +2400 +2000 +60 +14 +\$0\.0000$/m);
  assert.match(table, new RegExp(`^${one.steps[1]?.id} +step +scripted/\\S+ +1200 +1000 +30 +7 +\\$0\\.0000 `, "m"));
  assert.equal(await new CliProcess(["costs", "--since", "today"]).end(), 2);
});
