import assert from "node:assert/strict";
import { test } from "node:test";
import { answerHint, parseTypedLine } from "./typed-line.ts";

const awaiting = {
  id: 9,
  reasons: ["network"],
  rules: [{ action: "browse", pattern: "https://example.org" }],
  expires_at: "2026-01-01T00:00:00.000Z",
  default: "deny",
} as const;

test("[I18] `/allow-host` lets commands reach a host, whether or not an action is pending", () => {
  assert.deepEqual(parseTypedLine("/allow-host example.org:8443", null), {
    type: "allow_host",
    host: "example.org:8443",
  });
  for (const line of ["/allow-host", "/allow-host a b", "/allow-hosts a"])
    assert.equal(parseTypedLine(line, null).type, "message");
});

test("[Q17] a typed line answers the pending action or is a message", () => {
  const pending = { ...awaiting, rules: [...awaiting.rules], reasons: [...awaiting.reasons] };
  assert.deepEqual(parseTypedLine("/allow", pending), {
    type: "answer",
    args: { id: 9, decision: "allow", reason: "" },
  });
  assert.deepEqual(parseTypedLine(" /always ", pending), {
    type: "answer",
    args: { id: 9, decision: "allow_for_conversation", reason: "" },
  });
  assert.deepEqual(parseTypedLine("/everywhere", pending), {
    type: "answer",
    args: { id: 9, decision: "allow_for_server", reason: "" },
  });
  assert.deepEqual(parseTypedLine("/deny not  there", pending), {
    type: "answer",
    args: { id: 9, decision: "deny", reason: "not  there" },
  });
  assert.equal(parseTypedLine("/allow", null).type, "nothing");
  for (const line of ["allow", "yes", "/allowed", "/ allow", "/run x"])
    assert.equal(parseTypedLine(line, pending).type, "message");
  assert.match(
    answerHint(pending),
    /\(browse https:\/\/example\.org\): \/always in this conversation, \/everywhere in all/,
  );
  assert.doesNotMatch(answerHint({ ...pending, rules: [] }), /always|everywhere/);
});
