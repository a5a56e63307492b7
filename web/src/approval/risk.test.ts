import assert from "node:assert/strict";
import { test } from "node:test";
import { en as t } from "../i18n/en.ts";
import { reasonsOf, highestRisk } from "./risk.ts";

test("[UP20] each reason is shown in the language of the UI; the worst one determines the risk", () => {
  const reasons = reasonsOf(["policy_always", "no_sandbox"], t);
  assert.deepEqual(
    reasons.map(({ text }) => text),
    [t.approval.reasons.policy_always, t.approval.reasons.no_sandbox],
  );
  assert.equal(highestRisk(reasons), "bad");
  assert.equal(highestRisk([]), "info");
});

test("[UP20] a reason that the UI does not know is shown as it is", () => {
  for (const code of ["full_moon", "toString"]) {
    assert.deepEqual(reasonsOf([code], t), [{ text: code, risk: "warn" }]);
  }
});
