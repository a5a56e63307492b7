/** Starts the server: open settings and store, build the runtimes and conversations, listen. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { protocolVersion } from "@deckhand/protocol";
import { listAgents, createAgentFinder, delegateTargets } from "../agent/agents.ts";
import { loadDefinitions } from "../agent/definitions/load.ts";
import type { Config } from "../config/config.ts";
import { readUserSkill, readUserInstructions } from "../agent/instructions/user-instructions.ts";
import { Conversations } from "../conversation/conversations.ts";
import { costsOf } from "../conversation/costs.ts";
import { serverRules } from "../conversation/approvals/server-rules.ts";
import { withFailPoint } from "./fail-point.ts";
import { serve } from "../http/server.ts";
import { assertMayBind } from "../http/auth/hosts.ts";
import { checkModel } from "../llm/check.ts";
import { openHooks } from "../hooks/open-hooks.ts";
import { loginAddress, openMcpServers } from "../mcp/open-servers.ts";
import { hostPrograms } from "../programs/program.ts";
import { openUploads } from "../files/uploads.ts";
import { createWorkspaces } from "../workspaces/create-workspaces.ts";
import type { RuntimeStatus } from "../runtime/runtime.ts";
import { openCheckpointStore } from "../checkpoints/checkpoint-store.ts";
import { claimHome } from "../store/home.ts";
import { openSqliteStore } from "../store/sqlite/sqlite-store.ts";
import { liveApproval, liveLimits, following } from "../settings/live.ts";
import { openSettings } from "../settings/open.ts";
import { createTools } from "../tools/tools.ts";
import { createSocketServer } from "../ws/server.ts";
import { createModels } from "./models.ts";
import { createRuntimes, runtimeOptions } from "./runtimes.ts";

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

const webRoot = join(import.meta.dirname, "../../../web/dist");

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
  const machine = runtimeOptions(config, env);
  const runtimes = createRuntimes(config, machine, env);
  const fileLimits = { maxFiles: 50_000, maxBytes: config.workspaceBytes };
  const uploads = await openUploads(join(config.home, "uploads"), fileLimits);
  const places = await createWorkspaces({
    ...machine,
    workspace: config.workspace,
    runtimes,
    uploads,
    maxSeconds: config.workspaceSeconds,
    maxBytes: config.workspaceBytes,
  });
  const sandbox = () => runtimes.status(config.workspace);
  const { definitions, errors: flaws } = await loadDefinitions(
    settings.saved.agents?.folder ?? join(config.home, "agents"),
  );
  for (const flaw of flaws) console.error(`This agent was left out: ${flaw}`);
  const agents = listAgents(definitions);
  const tools = createTools({
    commandTimeoutMs: config.commandTimeoutMs,
    browseAllow: config.browseAllow,
    agents: delegateTargets(definitions),
    skill: (name) => readUserSkill(config.home, name),
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
  const models = following(settings, () => createModels(settings));
  const worked = withFailPoint(env["DECKHAND_FAILPOINT"], { store, findModel: models.find, runtimes, tools });
  const conversations = parts.use(
    new Conversations({
      ...worked,
      findAgent: createAgentFinder(worked.tools, definitions),
      defaultAgent: () => settings.saved.agents?.default,
      mcp,
      hooks: openHooks({ set: () => settings.saved.hooks ?? {}, programs, home: config.home }),
      places,
      ...(config.snapshots ? { histories: openCheckpointStore(join(config.home, "snapshots"), runtimes) } : {}),
      limits: liveLimits(settings),
      approval: liveApproval(settings),
      workspace: config.workspace,
      home: (id) => join(config.home, "conversations", id),
      readUserInstructions: () => readUserInstructions(config.home),
      now: Date.now,
      titles: config.titles,
      resume: config.resume,
      aliveMs: home.aliveMs,
      onFault: (conversation, fault) => console.error(`conversation ${conversation}:`, fault),
    }),
  );
  await conversations.recover();

  const jwtSecret = config.jwtSecret ?? home.jwtSecret;
  const version = "0.1.0";
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
    jwtSecret,
    version,
    webSockets: createSocketServer({ conversations, jwtSecret, version }),
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
