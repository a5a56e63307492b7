/** `/api/models`: lists the available models and tests one. */
import type { Hono } from "hono";
import { z } from "zod";
import type { ModelList, ModelReport } from "@deckhand/protocol";
import { parseBody } from "../input.ts";

export interface ModelsApi {
  /** Best first. */
  names(): Promise<readonly string[]>;
  list(): Promise<ModelList>;
  /** Makes real calls, which may cost money. Fails with `model_not_configured` or `model_not_found`. */
  check(choice: ModelTrial, signal: AbortSignal): Promise<ModelReport>;
}

/** Omitted fields default to the configuration. The key is used once and not stored. */
const trial = z.object({
  model: z.string().min(1).optional(),
  api_key: z.string().min(1).optional(),
  base_url: z.url({ protocol: /^https?$/ }).optional(),
});

export interface ModelTrial {
  readonly name?: string | undefined;
  readonly apiKey?: string | undefined;
  readonly baseUrl?: string | undefined;
}

export function modelRoutes(app: Hono, models: ModelsApi): void {
  app.get("/api/models", async (c) => c.json(await models.list()));
  app.post("/api/models/check", async (c) => {
    const { model: name, api_key: apiKey, base_url: baseUrl } = await parseBody(c, trial);
    return c.json(await models.check({ name, apiKey, baseUrl }, c.req.raw.signal));
  });
}
