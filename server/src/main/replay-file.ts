import { cp, mkdir, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Event } from "@deckhand/protocol";
import { createAgentFinder } from "../agent/agents.ts";
import type { Config } from "../config/config.ts";
import type { Environment } from "../config/environment.ts";
import { resolveConfig } from "../config/resolve.ts";
import { readExport } from "../http/export/json-lines.ts";
import { replay, type Replay } from "../replay/replay.ts";
import { openSqliteStore } from "../store/sqlite/sqlite-store.ts";
import { createTools } from "../tools/tools.ts";
import { limitsOf } from "./live-views.ts";
import { createRuntimes, runtimeOptions } from "./runtimes.ts";

export type { Replay };

interface ReplayOptions {
  /** What `deckhand export` prints, as bytes. */
  readonly file: AsyncIterable<Uint8Array>;
  /** A folder whose copy is the workspace; an empty one without it. */
  readonly workspace: string | undefined;
}

/** Limits and the sandbox apply to a replay; the network and everything else has its default. */
function replayConfig(environment: Environment): Config {
  const defaults = resolveConfig({ environment: {} }).config;
  const { limits, sandbox } = resolveConfig({ environment }).config;
  return { ...defaults, limits: { ...limits, maxTokens: undefined }, sandbox: { ...sandbox, runtime: "bubblewrap" } };
}

/**
 * Runs a conversation again in a workspace, a log and a sandbox of its own, which are gone afterwards. Never without a
 * sandbox, whatever is configured. Fails with an `Error` that says what to do.
 */
export async function replayFile(
  env: Readonly<Record<string, string | undefined>>,
  { file, workspace: start }: ReplayOptions,
): Promise<Replay> {
  const { events } = await readExport(file);
  const log: Event[] = [];
  for await (const page of events) log.push(...page);
  const home = await mkdtemp(join(await realpath(tmpdir()), "deckhand-replay-"));
  try {
    const workspace = join(home, "workspace");
    await mkdir(workspace);
    if (start !== undefined) await cp(start, workspace, { recursive: true, verbatimSymlinks: true });
    const configured = replayConfig(env);
    const config = { ...configured, server: { ...configured.server, home } };
    const runtimes = createRuntimes(config, runtimeOptions(config, env), env);
    const { proven, sentence } = await runtimes.status(workspace);
    if (!proven) throw new Error(sentence);
    await using store = openSqliteStore(join(home, "deckhand.db"));
    return await replay(log, {
      store,
      runtimes,
      tools: createTools({ commandTimeoutMs: config.sandbox.commandTimeoutSeconds * 1000, browseAllow: [] }),
      findAgent: (ordered) => createAgentFinder(ordered),
      limits: limitsOf(config),
      workspace,
      onFault: (_, fault) => console.error(fault),
      home: (id) => join(home, "conversations", id),
    });
  } finally {
    await rm(home, { recursive: true, force: true, maxRetries: 3 });
  }
}
