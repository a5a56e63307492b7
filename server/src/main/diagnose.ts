import { mkdir } from "node:fs/promises";
import type { Config } from "../config/config.ts";
import type { Environment } from "../config/environment.ts";
import type { RuntimeStatus } from "../runtime/runtime.ts";
import { openSettings } from "../settings/open.ts";
import { configuredModels } from "./models.ts";
import { createRuntimes, runtimeOptions } from "./runtimes.ts";

/** Checks what a server here would use, without starting one: its configuration, sandbox and model. */
export async function diagnose(environment: Environment): Promise<{
  readonly config: Config;
  readonly sandbox: RuntimeStatus;
  readonly model: { readonly name: string; readonly demo: boolean };
}> {
  using settings = await openSettings(environment, (sentence) => console.error(sentence));
  const { config } = settings;
  await mkdir(config.server.home, { recursive: true, mode: 0o700 });
  await mkdir(config.workspace.folder, { recursive: true });
  const [sandbox, model] = await Promise.all([
    createRuntimes(config, runtimeOptions(config, environment), environment).status(config.workspace.folder),
    configuredModels(settings).describe(),
  ]);
  return { config, sandbox, model };
}
