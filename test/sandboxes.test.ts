import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { glob } from "node:fs/promises";
import { test } from "node:test";
import { startManySandboxes } from "./kit/measure/many-sandboxes.ts";
import { until } from "./kit/processes.ts";
import { ServerProcess } from "./kit/server-process.ts";

test("[Y11] many sandboxes work at the same time, and nothing of them is left after the server has stopped", async () => {
  await using server = await ServerProcess.start({ env: { LLM_MODEL: "demo" } });
  const { startMs, processes } = await startManySandboxes(server, 30, 10, "many");
  assert.equal(startMs.length, 30);
  assert.ok(processes.length >= 30 * 3, `${processes.length} processes`);
  await server.end();
  await until(() => processes.every((pid) => !existsSync(`/proc/${pid}`)));
  const groups: string[] = [];
  for await (const folder of glob(`/sys/fs/cgroup/**/deckhand.${server.pid}.*`)) groups.push(folder);
  assert.deepEqual(groups, []);
});
