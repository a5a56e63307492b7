import { cp, lstat, mkdir, mkdtemp, realpath, rm } from "node:fs/promises";
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
  /** The output of `deckhand export`, as bytes. */
  readonly file: AsyncIterable<Uint8Array>;
  /** A folder to copy into the workspace, which is empty otherwise. */
  readonly workspace: string | undefined;
}

/** Configured limits and the sandbox apply to a replay; the network and everything else have their defaults. */
function replayConfig(environment: Environment): Config {
  const defaults = resolveConfig({ environment: {} }).config;
  const { limits, sandbox } = resolveConfig({ environment }).config;
  return { ...defaults, limits: { ...limits, maxTokens: undefined }, sandbox: { ...sandbox, runtime: "bubblewrap" } };
}

/**
 * Replays a conversation in a temporary workspace, log and sandbox. A sandbox is used whatever is configured. Fails
 * with an `Error` that says what to do.
 */
export async function replayFile(
  environment: Environment,
  { file, workspace: source }: ReplayOptions,
): Promise<Replay> {
  const { events } = await readExport(file);
  const log: Event[] = [];
  for await (const page of events) log.push(...page);
  const home = await mkdtemp(join(await realpath(tmpdir()), "deckhand-replay-"));
  try {
    const workspace = join(home, "workspace");
    await mkdir(workspace);
    if (source !== undefined) {
      await cp(source, workspace, { recursive: true, verbatimSymlinks: true, filter: (path) => isCopied(path) });
    }
    const configured = replayConfig(environment);
    const config = { ...configured, server: { ...configured.server, home } };
    const runtimes = createRuntimes(config, runtimeOptions(config, environment), environment);
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

/** `cp` fails at a FIFO, a socket or a device. */
async function isCopied(path: string): Promise<boolean> {
  const stats = await lstat(path);
  return stats.isFile() || stats.isDirectory() || stats.isSymbolicLink();
}
