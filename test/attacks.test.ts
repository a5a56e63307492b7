import assert from "node:assert/strict";
import { test } from "node:test";
import { attacks } from "./attacks/attacks.ts";
import { runAttacks } from "./attacks/run-attacks.ts";

test("[Y9] more than 100 attacks by a model that obeys every instruction reach nothing from the sandbox", async () => {
  assert.ok(attacks.length >= 100);
  assert.equal(new Set(attacks.map(({ id }) => id)).size, attacks.length);
  const { hits, outputs } = await runAttacks(attacks, "bubblewrap");
  assert.deepEqual(
    hits.map((id) => `${id}: ${outputs.get(id)?.slice(0, 300)}`),
    [],
  );
});

test("[Y9] without a sandbox the same attacks succeed, which shows that they work", async () => {
  const { hits } = await runAttacks(attacks, "host");
  assert.ok(hits.length >= 120, `${hits.length} of ${attacks.length} hit`);
});
