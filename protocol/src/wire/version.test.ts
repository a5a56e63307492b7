import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { wireSchemas } from "./json-schemas.ts";
import { protocolVersion } from "./version.ts";

/** The wire of every version that was given out: a hash over the JSON Schemas of all that crosses it. */
const hashes: Readonly<Record<string, string>> = {
  "1.0.0": "bd253a5475971171",
};

test("[P1] what is on the wire is what the version says", () => {
  const hash = hashOf(wireSchemas());
  assert.equal(
    hash,
    hashes[protocolVersion],
    `What is on the wire is no longer version ${protocolVersion}. Raise protocolVersion in version.ts (the last number ` +
      `for what no reader notices, the middle one for a new kind, code or optional field, the first for what breaks ` +
      `clients), write "${hash}" down for it in this test, run \`npm run docs\`, and say in docs/PROTOCOL.md what changed.`,
  );
});

test("[P1] the hash sees a new kind, a new argument, a new code and a stricter bound, and not the order of keys", () => {
  const wire = JSON.stringify(wireSchemas());
  const changed = (from: string, to: string): unknown => {
    assert.ok(wire.includes(from), from);
    return JSON.parse(wire.replaceAll(from, to));
  };
  const hash = hashOf(wireSchemas());
  assert.notEqual(hashOf(changed('"think":{', '"thinks":{')), hash);
  assert.notEqual(hashOf(changed('"old_str":{', '"old":{')), hash);
  assert.notEqual(hashOf(changed('"bad_json",', "")), hash);
  assert.notEqual(hashOf(changed('"maximum":86400', '"maximum":86399')), hash);
  const { observations, ...others } = wireSchemas();
  assert.equal(hashOf({ observations, ...others }), hash);
});

function hashOf(value: unknown): string {
  return createHash("sha256")
    .update(JSON.stringify(sorted(value)))
    .digest("hex")
    .slice(0, 16);
}

function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const entries = Object.entries(value).map(([key, inner]) => [key, sorted(inner)] as const);
  return entries.sort(([a], [b]) => (a < b ? -1 : 1));
}
