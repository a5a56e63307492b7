import { mkdir } from "node:fs/promises";
import type { Config } from "../config/config.ts";
import type { RuntimeStatus } from "../runtime/runtime.ts";
import { openSettings } from "../settings/open.ts";
import { createModels } from "./models.ts";
import { createRuntimes, runtimeOptions } from "./runtimes.ts";

/** Without a server: the configuration, and the sandbox and the model that one would have, tried now. */
export async function diagnose(env: Readonly<Record<string, string | undefined>>): Promise<{
  readonly config: Config;
  readonly sandbox: RuntimeStatus;
  readonly model: { readonly name: string; readonly demo: boolean };
}> {
  using settings = await openSettings(env, (sentence) => console.error(sentence));
  const { config } = settings;
  await mkdir(config.server.home, { recursive: true, mode: 0o700 });
  await mkdir(config.workspace.folder, { recursive: true });
  const [sandbox, model] = await Promise.all([
    createRuntimes(config, runtimeOptions(config, env), env).status(config.workspace.folder),
    createModels(settings).describe(),
  ]);
  return { config, sandbox, model };
}
