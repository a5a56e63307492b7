/** `/api/costs`: model costs overall and per conversation, and an estimate for the next one. */
import type { Hono } from "hono";
import { z } from "zod";
import type { CostsApi } from "../../conversation/costs.ts";
import { parseQuery } from "../input.ts";

const dayMs = 24 * 60 * 60 * 1000;
/** Defaults to the last thirty days. */
const sinceQuery = z.object({ since: z.iso.date().optional() });
const estimateQuery = z.object({ model: z.string().min(1).max(300).optional() });
const stepsQuery = z.object({
  after: z.coerce.number().int().min(-1).default(-1),
  limit: z.coerce.number().int().min(0).max(1000).default(500),
});

interface CostRoutesOptions {
  readonly costs: CostsApi;
  /** The model used when none is chosen. */
  readonly defaultModel: () => Promise<string>;
}

export function costRoutes(app: Hono, { costs, defaultModel }: CostRoutesOptions): void {
  app.get("/api/costs", async (c) => {
    const { since = new Date(Date.now() - 29 * dayMs).toISOString().slice(0, 10) } = parseQuery(c, sinceQuery);
    return c.json(await costs.since(since));
  });

  app.get("/api/costs/estimate", async (c) => {
    const { model = await defaultModel() } = parseQuery(c, estimateQuery);
    return c.json(await costs.estimate(model));
  });

  app.get("/api/conversations/:id/costs", async (c) => {
    const { after, limit } = parseQuery(c, stepsQuery);
    return c.json(await costs.of(c.req.param("id"), after, limit));
  });
}
