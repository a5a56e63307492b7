import { DeckhandError, type ApprovalRule } from "@deckhand/protocol";
import { maxRules, type RuleStore, type ServerRule } from "../rule-store.ts";
import { failing, type SqliteFile } from "./sqlite-file.ts";

export class SqliteRules implements RuleStore {
  readonly #file: SqliteFile;
  readonly #now: () => string;

  constructor(file: SqliteFile, now: () => string) {
    this.#file = file;
    this.#now = now;
  }

  async list(): Promise<readonly ServerRule[]> {
    return failing("The rules could not be read", () =>
      this.#file.prepare("SELECT * FROM rule ORDER BY id").all().map(toRule),
    );
  }

  async add(rules: readonly ApprovalRule[]): Promise<readonly ServerRule[]> {
    return failing("The rule could not be stored", () =>
      this.#file.atomically(() => {
        const stored = rules.map((rule) => this.#insert(rule));
        const count = Number(this.#file.prepare("SELECT count(*) AS count FROM rule").get()?.["count"]);
        if (count > maxRules) {
          throw new DeckhandError("limit_exceeded", `There can be at most ${maxRules} rules. Delete one first.`);
        }
        return stored;
      }),
    );
  }

  async delete(id: number): Promise<boolean> {
    return failing("The rule could not be deleted", () => {
      const { changes } = this.#file.prepare("DELETE FROM rule WHERE id = ?").run(id);
      return Number(changes) > 0;
    });
  }

  #insert({ action, pattern }: ApprovalRule): ServerRule {
    const row = this.#file
      .prepare(
        `INSERT INTO rule (action, pattern, created_at) VALUES (?, ?, ?)
         ON CONFLICT (action, pattern) DO UPDATE SET pattern = pattern RETURNING *`,
      )
      .get(action, pattern, this.#now());
    if (row === undefined) throw new Error("the insert returned no row");
    return toRule(row);
  }
}

function toRule(row: Readonly<Record<string, unknown>>): ServerRule {
  return {
    id: Number(row["id"]),
    action: String(row["action"]),
    pattern: String(row["pattern"]),
    createdAt: String(row["created_at"]),
  };
}
