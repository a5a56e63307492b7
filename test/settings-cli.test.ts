import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { connect } from "@deckhand/client";
import { CliProcess } from "./kit/cli-process.ts";
import { ServerProcess } from "./kit/server-process.ts";

const home = await mkdtemp(join(tmpdir(), "deckhand-cli-settings-"));
after(() => rm(home, { recursive: true, force: true }));
const mcpServer = join(import.meta.dirname, "../server/src/mcp/echo-server.child.js");

interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function deckhand(args: readonly string[], input = "", env: Record<string, string> = {}): Promise<CliResult> {
  const cli = new CliProcess(args, { env: { DECKHAND_HOME: home, ...env }, input });
  return { code: await cli.end(), stdout: cli.stdout, stderr: cli.stderr };
}

test("[SE11] `deckhand settings` shows, sets and unsets values, also while no server runs; a running server applies them", async () => {
  assert.equal((await deckhand(["settings", "set", "limits.max_steps", "7"])).code, 0);
  assert.equal((await deckhand(["settings", "set", "keys.anthropic", "-"], "sk-very-secret-1234\n")).code, 0);
  const hook = [{ name: "tests", command: "true" }];
  assert.equal((await deckhand(["settings", "set", "hooks.stop", JSON.stringify(hook)])).code, 0);
  const shown = await deckhand(["settings"], "", { MAX_ITERATIONS: "9" });
  assert.match(shown.stdout, /^limits\.max_steps +environment +9 \(MAX_ITERATIONS, overrides saved 7\)$/m);
  assert.match(shown.stdout, /^keys\.anthropic +saved +…1234$/m);
  assert.ok(!`${shown.stdout}${shown.stderr}`.includes("very-secret"));
  const wrong = await deckhand(["settings", "set", "limits.max_steps", "many"]);
  assert.deepEqual([wrong.code, /limits\.max_steps/.test(wrong.stderr)], [1, true]);
  assert.equal((await deckhand(["settings", "sett"])).code, 2);

  await using server = await ServerProcess.start({ home, env: { LLM_MODEL: "demo" } });
  const client = connect({ url: server.url });
  try {
    assert.deepEqual((await client.settings()).effective.limits, { max_steps: 7 });
    assert.equal((await deckhand(["settings", "unset", "limits"])).code, 0);
    assert.deepEqual((await client.settings()).effective.limits, { max_steps: 100 });
    assert.equal((await deckhand(["settings", "--url", server.url, "set", "approval.policy", "always"])).code, 0);
    const far = await deckhand(["settings", "--url", server.url, "unset", "hooks"]);
    assert.deepEqual([far.code, /forbidden/.test(far.stderr)], [1, true]);
  } finally {
    client.close();
  }
  const stored = JSON.parse(await readFile(join(home, "settings.json"), "utf8")) as Record<string, unknown>;
  assert.deepEqual(Object.keys(stored), ["version", "keys", "hooks", "approval"]);

  await writeFile(join(home, "settings.json"), "{");
  const broken = await deckhand(["settings"]);
  assert.deepEqual([broken.code, /the file: Invalid JSON/.test(broken.stdout)], [1, true]);
  await rm(join(home, "settings.json"));
});

test("[MC11] deckhand mcp adds an MCP server, shows its state and tools, tests it, and removes it", async () => {
  await using server = await ServerProcess.start({ home, env: { LLM_MODEL: "demo" } });
  const added = await deckhand([
    "mcp",
    "add",
    "good",
    "--trust",
    "--env",
    "MINE=yes",
    "--",
    process.execPath,
    mcpServer,
    "works",
  ]);
  assert.equal(added.code, 0, added.stderr);
  const client = connect({ url: server.url });
  try {
    while ((await client.mcpServers())[0]?.state !== "ready") await new Promise((resolve) => setTimeout(resolve, 50));
  } finally {
    client.close();
  }
  const listed = await deckhand(["mcp", "--url", server.url]);
  assert.equal(listed.code, 0);
  assert.match(listed.stdout, /^good\tprogram\tready\n(.*\n)* {2}echo \(read-only hint\): Repeats the text\.\n/);
  const checked = await deckhand(["mcp", "--url", server.url, "check", "good"]);
  assert.deepEqual([checked.code, checked.stdout.split("\n")[0]], [0, "Connected: 10 tools."]);
  assert.equal((await deckhand(["mcp", "add", "far", "http://127.0.0.1:9/mcp", "--header", "X=1"])).code, 0);
  assert.equal((await deckhand(["mcp", "--url", server.url, "check", "far"])).code, 1);
  assert.equal((await deckhand(["mcp", "add", "both", "http://127.0.0.1:9/mcp", "--", "x"])).code, 2);
  assert.equal((await deckhand(["mcp", "remove", "good"])).code, 0);
  assert.equal((await deckhand(["mcp", "remove", "good"])).code, 1);
  const stored = await readFile(join(home, "settings.json"), "utf8");
  assert.deepEqual(JSON.parse(stored), {
    version: 1,
    mcp: { servers: { far: { url: "http://127.0.0.1:9/mcp", headers: { X: "1" } } } },
  });
});
