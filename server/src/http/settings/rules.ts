/** `/api/rules`: what a person has allowed for every conversation. */
import type { Hono } from "hono";
import { z } from "zod";
import { approvalRule, DeckhandError } from "@deckhand/protocol";
import type { RulesApi, ServerRule } from "../../conversation/approvals/server-rules.ts";
import { parseBody } from "../input.ts";

const newRule = approvalRule.extend({
  /** Only say how it would be kept. */
  dry_run: z.boolean().default(false),
});

export function ruleRoutes(app: Hono, rules: RulesApi): void {
  app.get("/api/rules", async (c) => c.json({ rules: (await rules.list()).map(onWire) }));

  app.post("/api/rules", async (c) => {
    const { dry_run: isDry, ...rule } = await parseBody(c, newRule);
    if (isDry) return c.json(await rules.check(rule));
    const kept = await rules.add(rule);
    c.header("Location", `/api/rules/${kept.id}`);
    return c.json(onWire(kept), 201);
  });

  app.delete("/api/rules/:id", async (c) => {
    const id = Number(c.req.param("id"));
    if (!Number.isSafeInteger(id)) throw new DeckhandError("unknown_path");
    await rules.delete(id);
    return c.body(null, 204);
  });
}

function onWire({ id, action, pattern, createdAt }: ServerRule): object {
  return { id, action, pattern, created_at: createdAt };
}
