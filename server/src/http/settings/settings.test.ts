import assert from "node:assert/strict";
import { test } from "node:test";
import type { SettingsReport } from "@deckhand/protocol";
import { startTestServer } from "../server.test-kit.ts";

test("[SE9] settings are read, changed and refused over HTTP, only with access, and API keys are never returned", async () => {
  await using server = await startTestServer();
  const send = async (method: string, body?: object, headers: Record<string, string> = {}) => {
    const response = await fetch(`${server.url}/api/settings`, {
      method,
      headers: { "Content-Type": "application/json", ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    assert.ok(!text.includes("sk-very-secret"), text);
    return { status: response.status, body: JSON.parse(text) as SettingsReport & { error?: { code: string } } };
  };
  const changed = await send("PATCH", { keys: { openai: "sk-very-secret-1234" }, limits: { max_steps: 3 } });
  assert.equal(changed.status, 200);
  assert.deepEqual(changed.body.saved, { keys: { openai: { last: "1234" } }, limits: { max_steps: 3 } });
  assert.deepEqual((await send("GET")).body, changed.body);
  const bad = await send("PATCH", { limits: { max_steps: "sk-very-secret" } });
  assert.deepEqual([bad.status, bad.body.error?.code], [400, "bad_args"]);
  const hook = await send("PATCH", { hooks: { start: [{ command: "true" }] } });
  assert.deepEqual([hook.status, hook.body.error?.code], [403, "forbidden"]);
  for (const headers of [{ Origin: "https://evil.example" }, { Origin: "null" }]) {
    assert.equal((await send("PATCH", { approval: { policy: "never" } }, headers)).status, 403);
    assert.equal((await send("GET", undefined, headers)).status, 403);
  }
  assert.equal((await send("GET")).body.saved.approval, undefined);
});
