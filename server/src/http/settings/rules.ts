/** `/api/rules`: approval rules that apply to all conversations. */
import type { Hono } from "hono";
import { z } from "zod";
import { approvalRule, DeckhandError } from "@deckhand/protocol";
import type { RulesApi, ServerRule } from "../../conversation/approvals/server-rules.ts";
import { parseBody } from "../input.ts";

const newRule = approvalRule.extend({
  /** Validates the rule and returns its normalized form without saving it. */
  dry_run: z.boolean().default(false),
});

export function ruleRoutes(app: Hono, rules: RulesApi): void {
  app.get("/api/rules", async (c) => c.json({ rules: (await rules.list()).map(toWireRule) }));

  app.post("/api/rules", async (c) => {
    const { dry_run: isDry, ...rule } = await parseBody(c, newRule);
    if (isDry) return c.json(await rules.check(rule));
    const saved = await rules.add(rule);
    c.header("Location", `/api/rules/${saved.id}`);
    return c.json(toWireRule(saved), 201);
  });

  app.delete("/api/rules/:id", async (c) => {
    const id = Number(c.req.param("id"));
    if (!Number.isSafeInteger(id)) throw new DeckhandError("unknown_path");
    await rules.delete(id);
    return c.body(null, 204);
  });
}

function toWireRule({ id, action, pattern, createdAt }: ServerRule): object {
  return { id, action, pattern, created_at: createdAt };
}
