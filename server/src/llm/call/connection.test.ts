import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";

test("[M9] the undici package has the same major version as the undici inside Node's fetch", () => {
  const { version } = createRequire(import.meta.url)("undici/package.json") as { readonly version: string };
  assert.equal(Number.parseInt(version), Number.parseInt(process.versions["undici"] ?? ""));
});
