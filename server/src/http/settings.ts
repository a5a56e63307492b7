/** `/api/settings`: what the server keeps of a person's wishes. No secret comes back. */
import type { Hono } from "hono";
import { z } from "zod";
import type { SettingsPatch, SettingsReport } from "@deckhand/protocol";
import { bodyOf } from "./input.ts";

export interface SettingsApi {
  report(): Promise<SettingsReport>;
  /** Fails with `bad_args`, `forbidden`, `conflict`, `store_failed`. */
  change(patch: SettingsPatch): Promise<SettingsReport>;
}

export function settingsRoutes(app: Hono, settings: SettingsApi): void {
  app.get("/api/settings", async (c) => c.json(await settings.report()));
  app.patch("/api/settings", async (c) => c.json(await settings.change(await bodyOf(c, z.looseObject({})))));
}
