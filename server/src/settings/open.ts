/** The settings of the server that this environment describes. Fails with an `Error` that names what is wrong in it. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { parseConfig } from "../config/config.ts";
import type { Environment } from "./precedence.ts";
import { Settings } from "./settings.ts";

export function openSettings(env: Environment, onProblem: (sentence: string) => void): Promise<Settings> {
  const { home, processesOverHttp } = parseConfig(env);
  return Settings.open({ file: join(home, "settings.json"), env, processesHere: processesOverHttp, onProblem });
}

/** For whoever sits at the machine: programs may be set, too. */
export async function openLocalSettings(env: Environment, onProblem: (sentence: string) => void): Promise<Settings> {
  const { home } = parseConfig(env);
  await mkdir(home, { recursive: true, mode: 0o700 });
  return Settings.open({ file: join(home, "settings.json"), env, processesHere: true, onProblem });
}
