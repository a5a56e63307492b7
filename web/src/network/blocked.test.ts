import assert from "node:assert/strict";
import { test } from "node:test";
import { observation, type Event, type ObservationExtras } from "@deckhand/protocol";
import { blockedHosts } from "./blocked.ts";

const refusals = (id: number, ...rules: string[]): Event => {
  const refused = rules.map((rule) => ({ host: rule, port: 443, reason: "not_listed" as const, rule }));
  const extras: ObservationExtras<"run"> = {
    command: "x",
    exit_code: 1,
    cwd: "/",
    duration_ms: 1,
    truncated: false,
    hidden: false,
    network: { refused },
  };
  return { id, timestamp: "2026-01-01T00:00:00.000Z", ...observation("agent", "run", "", extras) };
};

test("[I18] blocked hosts are offered once, most recent first, until they are allowed", () => {
  const events = [refusals(1, "a.example", "b.example"), refusals(2, "a.example")];
  assert.deepEqual(
    blockedHosts(events, []).map(({ rule }) => rule),
    ["a.example", "b.example"],
  );
  assert.deepEqual(blockedHosts(events, ["a.example"]), [
    { rule: "b.example", refusal: { host: "b.example", port: 443, reason: "not_listed", rule: "b.example" } },
  ]);
  assert.equal(blockedHosts([refusals(1, "a", "b", "c", "d", "e", "f", "g")], []).length, 5);
});
