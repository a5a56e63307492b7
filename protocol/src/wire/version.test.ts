import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { wireSchemas } from "../json-schemas.ts";
import { protocolVersion } from "./version.ts";

/**
 * Every version of the protocol with a hash of its JSON Schemas. Append only: the line of a released version never
 * changes.
 */
const hashes: Readonly<Record<string, string>> = {
  "1.0.0": "bd253a5475971171",
  "1.1.0": "ce4a4c44a2414c00",
};

test("[P1] the schemas match the protocol version", () => {
  const hash = hashOf(wireSchemas());
  assert.equal(
    hash,
    hashes[protocolVersion],
    `The schemas differ from protocol version ${protocolVersion}. Raise protocolVersion in version.ts (patch: no reader ` +
      `notices; minor: a new kind, code or optional field; major: existing clients break), add the hash "${hash}" for it ` +
      `in this test, run \`npm run docs\`, and describe the change in docs/PROTOCOL.md.`,
  );
});

test("[P1] the hash depends on kinds, arguments, codes and bounds, but not on the order of keys", () => {
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
