/** The rows of the list: what a change makes of them, in which order they stand, and who is whose child. Pure. */
import type { ConversationRow, ListChange } from "@deckhand/client";
import { isWorking } from "@deckhand/protocol";

/** Which rows are wanted. */
export interface ListView {
  /** Empty for all. */
  readonly query: string;
  readonly archived: boolean;
}

export type Rows = ReadonlyMap<string, ConversationRow>;

/**
 * What is told of others is taken in where it belongs into the view. With a query only what is found already: what a search finds is
 * for the server to say.
 */
export function applyChange(rows: Rows, { rows: told, gone }: ListChange, view: ListView): Rows {
  const next = new Map(rows);
  for (const row of told) {
    const belongs = view.query === "" ? row.archived === view.archived : next.has(row.id);
    if (belongs) next.set(row.id, row);
    else next.delete(row.id);
  }
  for (const id of gone) next.delete(id);
  return next;
}

/**
 * Pinned ones first, then those at work in the order in which they began, so that nothing moves while they work, then the
 * others, the last touched first.
 */
export function sortRows(rows: Rows): readonly ConversationRow[] {
  const rank = (row: ConversationRow): number => (row.pinned ? 0 : isBusy(row) ? 1 : 2);
  return [...rows.values()].toSorted((a, b) => {
    if (rank(a) !== rank(b)) return rank(a) - rank(b);
    const [first, second] = rank(a) === 2 ? [b.updated_at, a.updated_at] : [b.created_at, a.created_at];
    return first < second ? -1 : first > second ? 1 : 0;
  });
}

export function isBusy({ agent_state: state }: ConversationRow): boolean {
  return isWorking(state) || state === "loading" || state === "user_rejected" || state === "awaiting_user_confirmation";
}

/** It waits for a person who has not looked at it since, or for an approval, looked at or not. */
export function needsYou({ waiting, head, seen }: Pick<ConversationRow, "head" | "seen"> & HasWaiting): boolean {
  return waiting !== null && (waiting.kind === "approval" || head > seen);
}

interface HasWaiting {
  readonly waiting: { readonly kind: string } | null;
}

/** It came to rest and nobody has looked at it since. */
export function isUnseen(row: ConversationRow): boolean {
  return !isBusy(row) && row.head > row.seen && row.agent_state !== "init" && row.agent_state !== null;
}

export interface TreeRow {
  readonly row: ConversationRow;
  /** 0 for one without a parent in sight. */
  readonly depth: number;
}

/** Children right under their parents, wherever they would stand by themselves. One whose parent is not there stands alone. */
export function treeOf(rows: readonly ConversationRow[]): readonly TreeRow[] {
  const present = new Set(rows.map(({ id }) => id));
  const children = new Map<string, ConversationRow[]>();
  const roots: ConversationRow[] = [];
  for (const row of rows) {
    const { parent } = row;
    if (parent === null || !present.has(parent)) roots.push(row);
    else children.set(parent, [...(children.get(parent) ?? []), row]);
  }
  const tree: TreeRow[] = [];
  const placed = new Set<string>();
  const place = (row: ConversationRow, depth: number): void => {
    // A circle in what a server says is no reason to hang.
    if (placed.has(row.id)) return;
    placed.add(row.id);
    tree.push({ row, depth });
    for (const child of children.get(row.id) ?? []) place(child, depth + 1);
  };
  for (const row of roots) place(row, 0);
  for (const row of rows) place(row, 0);
  return tree;
}
