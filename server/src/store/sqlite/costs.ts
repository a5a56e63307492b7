/** What models cost, read from the sums stored next to the logs. */
import { sumCosts, type CostReport, type CostSum, type Event } from "@deckhand/protocol";
import type { CostStore, ModelCosts, PastCosts } from "../cost-store.ts";
import type { ConversationId } from "../event-store.ts";
import { failing, type SqliteFile } from "./sqlite-file.ts";
import { columns, insertSpent, spentRow, sums } from "./cost-rows.ts";

/** More than a year. */
const maxDays = 400;
const maxRows = 100;

export class SqliteCosts implements CostStore {
  readonly #file: SqliteFile;

  constructor(file: SqliteFile) {
    this.#file = file;
  }

  /** Within a transaction. `isCopy`: it was spent in another conversation or on another server. */
  add(key: number, event: Event, isCopy: boolean): void {
    const row = spentRow(key, event, isCopy);
    if (row !== null) this.#file.prepare(insertSpent).run(...row);
  }

  async of(conversation: ConversationId): Promise<readonly ModelCosts[]> {
    return this.#rows<ModelCosts>(
      `SELECT model, kind, ${sums} FROM spent
       WHERE conversation = (SELECT key FROM conversation WHERE id = ? AND draft = 0)
       GROUP BY model, kind ORDER BY sum(cost_usd) DESC, model, kind`,
      conversation,
    );
  }

  async since(day: string): Promise<CostReport> {
    const here = "FROM spent WHERE copied = 0 AND day >= ?";
    const days = this.#rows<CostReport["days"][number]>(
      `SELECT day, ${sums} ${here} GROUP BY day ORDER BY day DESC LIMIT ${maxDays}`,
      day,
    );
    const models = this.#rows<CostReport["models"][number]>(
      `SELECT model, ${sums} ${here} GROUP BY model ORDER BY sum(cost_usd) DESC, model LIMIT ${maxRows}`,
      day,
    );
    const costliest = `SELECT conversation AS place, ${sums} ${here} AND conversation > 0 GROUP BY conversation
      ORDER BY sum(cost_usd) DESC, conversation DESC LIMIT ${maxRows}`;
    const conversations = this.#rows<CostReport["conversations"][number]>(
      `SELECT id, coalesce(name, title) AS title, parent, ${columns.replaceAll(/\w+/g, "costliest.$&")}
       FROM (${costliest}) AS costliest JOIN conversation ON key = place ORDER BY costliest.cost_usd DESC, key DESC`,
      day,
    );
    const deleted = this.#rows<CostSum>(`SELECT ${columns} ${here} AND conversation = 0`, day);
    return { since: day, total: sumCosts(days), days, models, conversations, deleted: sumCosts(deleted) };
  }

  async past(model: string, limit: number): Promise<readonly PastCosts[]> {
    return this.#rows<PastCosts>(
      `SELECT steps, ${columns.replace("cost_usd", "own + max(0, conversation.cost_usd - every) AS cost_usd")}
       FROM (SELECT conversation AS place, sum(cost_usd) AS every, sum(iif(copied, 0, cost_usd)) AS own,
               sum(iif(kind = 'step', calls, 0)) AS steps, ${sums.replace("sum(cost_usd) AS cost_usd, ", "")}
             FROM spent WHERE conversation IN (
               SELECT DISTINCT key FROM spent JOIN conversation ON key = spent.conversation
               WHERE model = ? AND kind = 'step' AND copied = 0 AND busy = 0 AND parent IS NULL
               ORDER BY key DESC LIMIT ?)
             GROUP BY conversation)
       JOIN conversation ON key = place ORDER BY key DESC`,
      model,
      limit,
    );
  }

  #rows<T>(sql: string, ...values: readonly (string | number)[]): readonly T[] {
    return failing("The costs could not be read", () => {
      const rows = this.#file.prepare(sql).all(...values);
      // Converted to plain objects, because rows of node:sqlite have no prototype.
      return rows.map((row) => ({ ...row }) as T);
    });
  }
}
