import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRoute } from "./route.ts";

test("[UC4] an address names the page, the conversation, its tab and the event that is to be in sight", () => {
  const at = (address: string, under = "/") => parseRoute(new URL(address, "http://localhost"), under);
  assert.equal(at("/").page, "welcome");
  assert.equal(at("/inbox").page, "inbox");
  assert.deepEqual(at("/settings/models"), { page: "settings", section: "models" });
  const place = at("/c/a%2Fb?tab=files&path=src#e123");
  assert.ok(place.page === "conversation");
  assert.deepEqual([place.id, place.tab, place.event, place.query.get("path")], ["a/b", "files", 123, "src"]);
  const plain = at("/deckhand/c/x/#top", "/deckhand/");
  assert.ok(plain.page === "conversation" && plain.tab === undefined && plain.event === undefined);
  assert.equal(at("/c/%E0%A4%A").page, "welcome", "an address that is none");
});
