import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { CliProcess } from "./kit/cli-process.ts";
import { ServerProcess } from "./kit/server-process.ts";

const groups = ["files", "secrets", "network", "processes", "kernel", "limits"];

interface Check {
  readonly group: string;
  readonly name: string;
  readonly control: string;
  readonly controlled: boolean;
  readonly held: boolean;
}

test("[Y10] health lists the escape checks, and a conversation when and for what its isolation was verified", async () => {
  await using server = await ServerProcess.start({ env: { LLM_MODEL: "demo" } });
  const health = (await (await fetch(`${server.url}/api/health`)).json()) as {
    runtime: { proven: boolean; checks: readonly Check[]; untried: readonly object[] };
  };
  assert.ok(health.runtime.proven);
  assert.deepEqual([...new Set(health.runtime.checks.map(({ group }) => group))], groups);
  assert.ok(health.runtime.checks.every(({ held, controlled, control }) => held && controlled && control !== ""));
  const made = await fetch(`${server.url}/api/conversations`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ id: "one" }),
  });
  assert.equal(made.status, 201);
  const one = (await (await fetch(`${server.url}/api/conversations/one`)).json()) as {
    isolation: { kind: string; proven: boolean; held: readonly string[]; tried_at: string };
  };
  const { tried_at: triedAt, ...isolation } = one.isolation;
  assert.deepEqual({ ...isolation, sentence: "" }, { kind: "bubblewrap", proven: true, held: groups, sentence: "" });
  assert.ok(Date.now() - Date.parse(triedAt) < 60_000);
});

test("[Y10] doctor shows every attempt with its control and exits with 0 only if the sandbox is verified", async () => {
  const home = await mkdtemp(join(tmpdir(), "deckhand-doctor-"));
  try {
    const env = { DECKHAND_HOME: join(home, "data"), LLM_MODEL: "demo" };
    const proven = new CliProcess(["doctor"], { env });
    assert.equal(await proven.end(), 0);
    assert.match(proven.stdout, /^group +result +attempt +control\n/);
    assert.match(proven.stdout, /\nsecrets +held +read the server's environment +HOME is set: yes\n/);
    assert.doesNotMatch(proven.stdout, /LEAK|NOT TRIED/);
    assert.match(proven.stdout, /\nModel +demo .*\nWorkspace +.*\nData +/);

    const without = new CliProcess(["doctor"], { env: { ...env, DECKHAND_USER_PATH: "/nowhere" } });
    assert.equal(await without.end(), 1);
    assert.match(
      without.stdout,
      /Commands are disabled: bubblewrap \(bwrap\) was not found on PATH.*apt-get install bubblewrap/,
    );
    const host = new CliProcess(["doctor"], { env: { ...env, DECKHAND_RUNTIME: "host" } });
    assert.equal(await host.end(), 1);
    assert.match(host.stdout, /Sandbox +none: There is no sandbox/);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});
