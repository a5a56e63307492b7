import assert from "node:assert/strict";
import { test } from "node:test";
import type { ConversationRow } from "@deckhand/client";
import { applyChange, isUnseen, needsYou, sortRows, treeOf } from "./rows.ts";

const row = (id: string, more: Partial<ConversationRow> = {}): ConversationRow => ({
  id,
  title: id,
  agent_state: "finished",
  created_at: "2026-01-01T00:00:00.000Z",
  updated_at: "2026-01-01T00:00:00.000Z",
  head: 5,
  cost_usd: 0,
  pinned: false,
  archived: false,
  seen: 5,
  waiting: null,
  parent: null,
  ...more,
});
const rowsOf = (...rows: readonly ConversationRow[]) => new Map(rows.map((each) => [each.id, each]));
const names = (rows: Iterable<ConversationRow>): string => [...rows].map(({ id }) => id).join();

test("[UP8] changes by others update the list: archived and deleted conversations disappear, search results stay", () => {
  const rows = rowsOf(row("a"), row("b"));
  const updateOf = (...each: readonly ConversationRow[]) => ({ rows: each, gone: [], reload: false });
  const all = { query: "", archived: false };
  assert.equal(names(applyChange(rows, updateOf(row("c"), row("a", { archived: true })), all).values()), "b,c");
  assert.equal(
    names(applyChange(rows, updateOf(row("c"), row("a", { title: "new" })), { ...all, query: "x" }).values()),
    "a,b",
  );
  assert.equal(names(applyChange(rows, { rows: [], gone: ["a"], reload: false }, all).values()), "b");
});

test("[UP8] pinned conversations come first, then busy ones by creation, then the last changed; subagents are below their parents", () => {
  const at = (minute: number): string => `2026-01-01T00:0${minute}:00.000Z`;
  const rows = rowsOf(
    row("old", { updated_at: at(1) }),
    row("new", { updated_at: at(3) }),
    row("works first", { agent_state: "running", created_at: at(1), updated_at: at(9) }),
    row("works last", { agent_state: "running", created_at: at(2), updated_at: at(4) }),
    row("pinned", { pinned: true }),
    row("child", { updated_at: at(5), parent: "old" }),
  );
  const order = sortRows(rows);
  assert.equal(names(order), "pinned,works last,works first,child,new,old");
  const tree = treeOf(order);
  assert.deepEqual(
    tree.slice(-3).map(({ row: { id }, depth }) => [id, depth]),
    [
      ["new", 0],
      ["old", 0],
      ["child", 1],
    ],
  );
  assert.equal(treeOf([row("a", { parent: "b" }), row("b", { parent: "a" })]).length, 2, "a cycle is shown anyway");
});

test("[UP8] an approval needs attention until it is answered, everything else until it is seen", () => {
  const asks = row("a", { waiting: { kind: "approval", text: "" } });
  assert.equal(needsYou(asks), true);
  const question = { waiting: { kind: "question" as const, text: "" }, agent_state: "awaiting_user_input" as const };
  assert.equal(needsYou(row("a", { ...question, seen: 4 })), true);
  assert.equal(needsYou(row("a", question)), false);
  assert.equal(isUnseen(row("a", { seen: 4 })), true);
  assert.equal(isUnseen(row("a", { seen: 4, agent_state: "running" })), false);
});
