/** The rows of the conversation list: applying changes, sorting, and the tree of parents and subagents. */
import type { ConversationRow, ListChange } from "@deckhand/client";
import { isWorking } from "@deckhand/protocol";

/** Which rows are shown. */
export interface ListView {
  /** Empty for all. */
  readonly query: string;
  readonly archived: boolean;
}

export type Rows = ReadonlyMap<string, ConversationRow>;

/**
 * Applies a change to the rows of a view. With a query only known rows are updated, since only the server knows what
 * else the search finds.
 */
export function applyChange(rows: Rows, { rows: updated, gone }: ListChange, view: ListView): Rows {
  const next = new Map(rows);
  for (const row of updated) {
    const belongs = view.query === "" ? row.archived === view.archived : next.has(row.id);
    if (belongs) next.set(row.id, row);
    else next.delete(row.id);
  }
  for (const id of gone) next.delete(id);
  return next;
}

/**
 * Pinned conversations first, then busy ones by creation time, so that rows do not move while they work, then the others
 * by their last change.
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

/** Whether it waits for an approval, or for anything else that the user has not seen yet. */
export function needsYou({ waiting, head, seen }: Pick<ConversationRow, "head" | "seen"> & HasWaiting): boolean {
  return waiting !== null && (waiting.kind === "approval" || head > seen);
}

interface HasWaiting {
  readonly waiting: { readonly kind: string } | null;
}

/** Whether it became idle and nobody has seen that yet. */
export function isUnseen(row: ConversationRow): boolean {
  return !isBusy(row) && row.head > row.seen && row.agent_state !== "init" && row.agent_state !== null;
}

export interface TreeRow {
  readonly row: ConversationRow;
  /** 0 if its parent is not in the list. */
  readonly depth: number;
}

/** Puts subagents right below their parents. Those whose parent is not in the list are roots. */
export function treeOf(rows: readonly ConversationRow[]): readonly TreeRow[] {
  const listed = new Set(rows.map(({ id }) => id));
  const children = new Map<string, ConversationRow[]>();
  const roots: ConversationRow[] = [];
  for (const row of rows) {
    const { parent } = row;
    if (parent === null || !listed.has(parent)) roots.push(row);
    else children.set(parent, [...(children.get(parent) ?? []), row]);
  }
  const tree: TreeRow[] = [];
  const added = new Set<string>();
  const append = (row: ConversationRow, depth: number): void => {
    // Invalid data with a cycle must not cause an endless loop.
    if (added.has(row.id)) return;
    added.add(row.id);
    tree.push({ row, depth });
    for (const child of children.get(row.id) ?? []) append(child, depth + 1);
  };
  for (const row of roots) append(row, 0);
  for (const row of rows) append(row, 0);
  return tree;
}
