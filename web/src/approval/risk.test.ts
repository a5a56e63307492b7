import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { en as t } from "../i18n/en.ts";
import { known, reasonsOf, worst } from "./risk.ts";

test("[UP20] the page has its own words for every reason of the server, and for no other", () => {
  const source = readFileSync(join(import.meta.dirname, "../../../server/src/agent/approval/policy.ts"), "utf8");
  const said = [...source.matchAll(/reasons\.push\("([^"]+)"\)/g)].map(([, reason = ""]) => reason);
  assert.ok(said.length >= 6, "they are found where they are looked for");
  assert.deepEqual(new Set(Object.keys(known)), new Set(said));
});

test("[UP20] the worst reason counts; one that the page does not know stands as it is", () => {
  const reasons = reasonsOf(["Every action is asked about.", "It runs without a sandbox."], t);
  assert.deepEqual(
    reasons.map(({ text }) => text),
    [t.approval.reasons.every, t.approval.reasons.unsandboxed],
  );
  assert.equal(worst(reasons), "bad");
  assert.deepEqual(reasonsOf(["The moon is full."], t), [{ text: "The moon is full.", risk: "warn" }]);
  assert.equal(worst([]), "info");
});
