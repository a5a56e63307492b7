/**
 * Wiring only: config -> parts -> listen -> stop. The one file that names concrete classes.
 */
import { cp, mkdir, mkdtemp, realpath, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { protocolVersion, type Event } from "@deckhand/protocol";
import { agentEntries, agentFinder, askableAgents } from "./agent/agents.ts";
import { readDefinitions } from "./agent/definitions/read.ts";
import { parseConfig, type Config } from "./config.ts";
import { ownSkill, readOwnFiles } from "./agent/knowledge/own.ts";
import { Conversations } from "./conversation/conversations.ts";
import { costsOf } from "./conversation/costs.ts";
import { serverRules } from "./conversation/server-rules.ts";
import { withFailPoint } from "./fail-point.ts";
import { serve } from "./http/listen.ts";
import { readExport } from "./http/import.ts";
import { assertMayBind } from "./http/hosts.ts";
import { checkModel } from "./llm/check.ts";
import { entriesFile } from "./llm/entries.ts";
import { findModels } from "./llm/find.ts";
import { replay, type Replay } from "./replay/replay.ts";
import { bubblewrapRuntimes } from "./runtime/bubblewrap.ts";
import { dockerRuntimes } from "./runtime/container/docker.ts";
import { kubernetesRuntimes } from "./runtime/container/kubernetes.ts";
import { openHooks } from "./hooks/open-hooks.ts";
import { loginAddress, openMcpServers } from "./mcp/open-servers.ts";
import { hostPrograms } from "./programs/program.ts";
import { openUploads } from "./files/uploads.ts";
import { hostRuntimes } from "./runtime/host.ts";
import type { RuntimeOptions } from "./runtime/wall/options.ts";
import { createPlaces } from "./runtime/places/create-places.ts";
import { systemResolve } from "./runtime/network/reach.ts";
import { networkPolicy } from "./runtime/network/rules.ts";
import { upstreamOf } from "./runtime/network/upstream.ts";
import type { RuntimeFactory, RuntimeStatus } from "./runtime/runtime.ts";
import { openHistories } from "./snapshots/histories.ts";
import { claimHome } from "./store/home.ts";
import { openSqliteStore } from "./store/sqlite.ts";
import { liveApproval, liveLimits, following } from "./settings/live.ts";
import { openSettings } from "./settings/open.ts";
import type { Settings } from "./settings/settings.ts";
import { createTools } from "./tools/tools.ts";

export interface RunningServer {
  /** `http://127.0.0.1:3000` */
  readonly url: string;
  /** Opens the page from anywhere: the URL with the token. */
  readonly link: string;
  readonly config: Config;
  readonly sandbox: () => Promise<RuntimeStatus>;
  readonly model: () => Promise<{ readonly name: string; readonly demo: boolean }>;
  /** Stops what runs and ends sockets so that clients come back; resolves within about a second. */
  close(): Promise<void>;
}

const webRoot = join(import.meta.dirname, "../../web/dist");

/** Fails with an `Error` whose message says what to do; then nothing is left running. */
export async function startServer(env: Readonly<Record<string, string | undefined>>): Promise<RunningServer> {
  await using parts = new AsyncDisposableStack();
  const settings = parts.use(await openSettings(env, (sentence) => console.error(sentence)));
  const { config } = settings;
  assertMayBind(config.host, config.token);
  await mkdir(config.home, { recursive: true, mode: 0o700 });
  await mkdir(config.workspace, { recursive: true });

  const home = parts.use(await claimHome(config.home));
  const store = parts.use(openSqliteStore(join(config.home, "deckhand.db")));
  const machine = machineOf(config, env);
  const runtimes = createRuntimes(config, machine, env);
  const fileLimits = { maxFiles: 50_000, maxBytes: config.workspaceBytes };
  const uploads = await openUploads(join(config.home, "uploads"), fileLimits);
  const places = await createPlaces({
    ...machine,
    workspace: config.workspace,
    runtimes,
    uploads,
    maxSeconds: config.workspaceSeconds,
    maxBytes: config.workspaceBytes,
  });
  const sandbox = () => runtimes.status(config.workspace);
  const { definitions, flaws } = await readDefinitions(settings.saved.agents?.folder ?? join(config.home, "agents"));
  for (const flaw of flaws) console.error(`This agent was left out: ${flaw}`);
  const agents = agentEntries(definitions);
  const tools = createTools({
    commandTimeoutMs: config.commandTimeoutMs,
    browseAllow: config.browseAllow,
    agents: askableAgents(definitions),
    skill: (name) => ownSkill(config.home, name),
  });
  const listens = Promise.withResolvers<{ readonly url: string }>();
  const programs = hostPrograms({ home: config.home, env, path: machine.path });
  programs.endLeft();
  const mcp = parts.use(
    openMcpServers({
      set: () => settings.saved.mcp?.servers ?? {},
      programs,
      home: config.home,
      callback: async () => loginAddress((await listens.promise).url),
      log: (line) => console.error(line),
    }),
  );
  settings.onChange(() => mcp.update());
  const models = following(settings, () => modelsOf(settings));
  const worked = withFailPoint(env["DECKHAND_FAILPOINT"], { store, findModel: models.find, runtimes, tools });
  const conversations = parts.use(
    new Conversations({
      ...worked,
      findAgent: agentFinder(worked.tools, definitions),
      defaultAgent: () => settings.saved.agents?.default,
      mcp,
      hooks: openHooks({ set: () => settings.saved.hooks ?? {}, programs, home: config.home }),
      places,
      ...(config.snapshots ? { histories: openHistories(join(config.home, "snapshots"), runtimes) } : {}),
      limits: liveLimits(settings),
      approval: liveApproval(settings),
      workspace: config.workspace,
      home: (id) => join(config.home, "conversations", id),
      readOwn: () => readOwnFiles(config.home),
      now: Date.now,
      titles: config.titles,
      resume: config.resume,
      aliveMs: home.aliveMs,
      onFault: (conversation, fault) => console.error(`conversation ${conversation}:`, fault),
    }),
  );
  await conversations.recover();

  const listening = await serve({
    host: config.host,
    port: config.port,
    token: config.token ?? home.token,
    hosts: config.hosts,
    conversations,
    uploads,
    fileLimits,
    rules: serverRules(store.rules),
    costs: costsOf(store),
    defaultModel: async () => (await models.describe()).name,
    health: async () => ({
      model: await models.describe(),
      runtime: await sandbox(),
      // What commands reach; without a sandbox it is what this machine reaches.
      network: config.runtime === "host" ? "host" : config.network,
      protocol: protocolVersion,
    }),
    models: {
      names: models.names,
      list: models.list,
      check: async (choice, signal) => checkModel(await models.alone(choice), signal),
    },
    agents: { described: agents, broken: flaws },
    settings,
    mcp,
    webRoot,
    jwtSecret: config.jwtSecret ?? home.jwtSecret,
    version: "0.1.0",
  });
  parts.defer(() => listening.close());
  await home.listening(listening.url);
  listens.resolve(listening);
  // Not needed to listen, and wanted by the first task.
  void sandbox();
  models.warmUp();

  const whole = parts.move();
  return {
    url: listening.url,
    link: `${listening.url}/?token=${encodeURIComponent(config.token ?? home.token)}`,
    config,
    sandbox,
    model: models.describe,
    close: () => whole.disposeAsync(),
  };
}

function modelsOf({ config, env }: Pick<Settings, "config" | "env">): ReturnType<typeof findModels> {
  return findModels({
    settings: () => ({
      configured: config.model,
      env,
      fallback: config.fallbackModels,
      small: config.smallModel,
      reasoningEffort: config.reasoningEffort,
      contextTokens: config.contextTokens,
      toolCalling: config.toolCalling,
    }),
    entries: entriesFile(join(config.home, "models.json")),
    retries: config.modelRetries,
    timeoutMs: config.modelTimeoutMs,
    discover: config.discover,
  });
}

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

export type { Replay };

export interface ReplayOptions {
  /** What `deckhand export` prints, as bytes. */
  readonly file: AsyncIterable<Uint8Array>;
  /** A folder whose copy is the workspace; an empty one without it. */
  readonly workspace: string | undefined;
}

/** What of the configuration holds in a replay: what ends work and keeps commands in. Nothing lets anything out. */
const replayed = [
  "MAX_ITERATIONS",
  "MAX_BUDGET_PER_TASK",
  "DECKHAND_MAX_SECONDS",
  "SANDBOX_TIMEOUT",
  "DECKHAND_MEMORY",
  "DECKHAND_PROCESSES",
  "DECKHAND_CPUS",
  "DECKHAND_FILE_SIZE",
  "DECKHAND_PROTECT",
] as const;

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
    const config = parseConfig({
      ...Object.fromEntries(replayed.map((name) => [name, env[name]])),
      DECKHAND_HOME: home,
      WORKSPACE_BASE: workspace,
      DECKHAND_RUNTIME: "bubblewrap",
    });
    const runtimes = createRuntimes(config, machineOf(config, env), env);
    const { proven, sentence } = await runtimes.status(workspace);
    if (!proven) throw new Error(sentence);
    await using store = openSqliteStore(join(home, "deckhand.db"));
    return await replay(log, {
      store,
      runtimes,
      tools: createTools({ commandTimeoutMs: config.commandTimeoutMs, browseAllow: [] }),
      findAgent: (ordered) => agentFinder(ordered),
      limits: config,
      workspace,
      onFault: (_, fault) => console.error(fault),
      home: (id) => join(home, "conversations", id),
    });
  } finally {
    await rm(home, { recursive: true, force: true, maxRetries: 3 });
  }
}

function machineOf(config: Config, env: Readonly<Record<string, string | undefined>>): RuntimeOptions {
  return {
    dataHome: config.home,
    userHome: homedir(),
    // As it was before npm put this project's own programs in front.
    path: env["DECKHAND_USER_PATH"] ?? env["PATH"] ?? "/usr/local/bin:/usr/bin:/bin",
    network: {
      policy: networkPolicy(config.network, config.networkAllow),
      resolve: systemResolve,
      upstream: upstreamOf(env),
    },
    limits: config.commandLimits,
    ...(config.protectedNames === undefined ? {} : { protectedNames: config.protectedNames }),
  };
}

function createRuntimes(
  config: Config,
  options: RuntimeOptions,
  env: Readonly<Record<string, string | undefined>>,
): RuntimeFactory {
  // A proxy in front of containers is not there yet, so `allow` is nothing.
  const reach = config.network === "on" ? "default" : "none";
  switch (config.runtime) {
    case "bubblewrap":
      return bubblewrapRuntimes(options);
    case "docker":
      return dockerRuntimes({ ...options, ...config.container, env, reach, apart: bubblewrapRuntimes(options) });
    case "kubernetes": {
      const apart = bubblewrapRuntimes(options);
      return kubernetesRuntimes({ ...options, ...config.container, ...config.pods, env, reach, apart });
    }
    case "host":
      return hostRuntimes(options);
  }
}
