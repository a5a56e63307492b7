import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { variableWarnings, type Environment } from "../config/environment.ts";
import { resolveConfig, type Flags } from "../config/resolve.ts";
import { Settings } from "./settings.ts";

/**
 * The settings of the server that runs with this environment. `onProblem` is called with a sentence for every variable
 * and everything in settings.json that is ignored. Fails with an `Error` that lists every invalid value.
 */
export function openSettings(
  environment: Environment,
  onProblem: (sentence: string) => void,
  flags: Flags = {},
): Promise<Settings> {
  for (const warning of variableWarnings(environment)) onProblem(warning);
  const { home, settingsOverHttp } = resolveConfig({ environment, flags }).config.server;
  const file = join(home, "settings.json");
  return Settings.open({ file, environment, flags, mayStartPrograms: settingsOverHttp, onProblem });
}

/** For the command line on the server's machine, where programs may be set, too. */
export async function openLocalSettings(
  environment: Environment,
  onProblem: (sentence: string) => void,
): Promise<Settings> {
  const { home } = resolveConfig({ environment }).config.server;
  await mkdir(home, { recursive: true, mode: 0o700 });
  return Settings.open({
    file: join(home, "settings.json"),
    environment,
    flags: {},
    mayStartPrograms: true,
    onProblem,
  });
}
