import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRoute } from "./route.ts";

test("[UC4] a URL names the page, the conversation, its tab and the event to scroll to", () => {
  const at = (url: string, base = "/") => parseRoute(new URL(url, "http://localhost"), base);
  assert.equal(at("/").page, "new-task");
  assert.equal(at("/inbox").page, "inbox");
  assert.deepEqual(at("/settings/models"), { page: "settings", section: "models" });
  const route = at("/c/a%2Fb?tab=files&path=src#e123");
  assert.ok(route.page === "conversation");
  assert.deepEqual([route.id, route.tab, route.event, route.query.get("path")], ["a/b", "files", 123, "src"]);
  const plain = at("/deckhand/c/x/#top", "/deckhand/");
  assert.ok(plain.page === "conversation" && plain.tab === undefined && plain.event === undefined);
  assert.equal(at("/c/%E0%A4%A").page, "new-task", "an invalid URL");
});
