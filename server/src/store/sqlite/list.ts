/** The list of conversations in the SQLite store: queries, and the marks that a person sets. */
import type { ConversationId, ConversationRow, ListOptions, Marks } from "../event-store.ts";
import { failing, type SqliteFile } from "./sqlite-file.ts";
import { toRow, type StoredRow } from "./rows.ts";
import { matchOf } from "./search.ts";
import { matchingKeys, type SearchIndex } from "./search-index.ts";

export function findRow(file: SqliteFile, conversation: ConversationId): StoredRow | undefined {
  return file.prepare("SELECT * FROM conversation WHERE id = ? AND draft = 0").get(conversation) as
    | StoredRow
    | undefined;
}

/** Newest first. */
export function listRows(
  file: SqliteFile,
  searchIndex: SearchIndex,
  { after, limit, query, archived, pinned, parent }: ListOptions,
): readonly ConversationRow[] {
  const from = after === undefined ? undefined : findRow(file, after);
  const pattern = `%${(query ?? "").slice(0, 200).replaceAll(/[\\%_]/g, "\\$&")}%`;
  const match = matchOf(query ?? "");
  if (match !== undefined) failing("The index could not be written", () => searchIndex.flush());
  const titled = "coalesce(name, title) LIKE ? ESCAPE '\\'";
  const isFound = match === undefined ? titled : `(${titled} OR key IN (${matchingKeys}))`;
  const rows = failing("The index could not be read", () =>
    file
      .prepare(
        `SELECT * FROM conversation WHERE draft = 0 AND ${isFound} AND (updated_at, key) < (?, ?)
       ${marked("archived", archived)} ${marked("pinned", pinned)}
       ${parent === undefined ? "" : "AND parent IS ?"} ORDER BY updated_at DESC, key DESC LIMIT ?`,
      )
      .all(
        pattern,
        ...(match === undefined ? [] : [match]),
        from?.updated_at ?? "9999",
        from?.key ?? 0,
        ...(parent === undefined ? [] : [parent]),
        Math.min(limit, 100),
      ),
  );
  return rows.map((row) => toRow(row as unknown as StoredRow));
}

/** The earliest approval deadline first, then the newest. */
export function waitingRows(file: SqliteFile, limit: number): readonly ConversationRow[] {
  const rows = failing("The index could not be read", () =>
    file
      .prepare(
        `SELECT *, waiting ->> 'expires_at' AS until FROM conversation WHERE waiting IS NOT NULL AND draft = 0
       ORDER BY until IS NULL, until, updated_at DESC, key DESC LIMIT ?`,
      )
      .all(limit),
  );
  return rows.map((row) => toRow(row as unknown as StoredRow));
}

/** Returns whether anything changed. */
export function markRow(file: SqliteFile, conversation: ConversationId, { pinned, archived, seen }: Marks): boolean {
  const wanted = "coalesce(?1, pinned), coalesce(?2, archived), max(seen, min(coalesce(?3, seen), head))";
  const { changes } = failing("The mark could not be stored", () =>
    file
      .prepare(
        `UPDATE conversation SET (pinned, archived, seen) = (${wanted})
       WHERE id = ?4 AND draft = 0 AND (pinned, archived, seen) IS NOT (${wanted})`,
      )
      .run(bit(pinned), bit(archived), seen ?? null, conversation),
  );
  return Number(changes) > 0;
}

/** A condition of the query; empty if both values match. */
function marked(column: "archived" | "pinned", wanted: boolean | undefined): string {
  return wanted === undefined ? "" : `AND ${column} = ${Number(wanted)}`;
}

function bit(value: boolean | undefined): number | null {
  return value === undefined ? null : Number(value);
}
