import { mkdir } from "node:fs/promises";
import type { Config } from "../config.ts";
import type { RuntimeStatus } from "../runtime/runtime.ts";
import { openSettings } from "../settings/open.ts";
import { modelsOf } from "./models.ts";
import { createRuntimes, machineOf } from "./runtimes.ts";

/** Without a server: the configuration, and the sandbox and the model that one would have, tried now. */
export async function examine(env: Readonly<Record<string, string | undefined>>): Promise<{
  readonly config: Config;
  readonly sandbox: RuntimeStatus;
  readonly model: { readonly name: string; readonly demo: boolean };
}> {
  using settings = await openSettings(env, (sentence) => console.error(sentence));
  const { config } = settings;
  await mkdir(config.home, { recursive: true, mode: 0o700 });
  await mkdir(config.workspace, { recursive: true });
  const [sandbox, model] = await Promise.all([
    createRuntimes(config, machineOf(config, env), env).status(config.workspace),
    modelsOf(settings).describe(),
  ]);
  return { config, sandbox, model };
}
