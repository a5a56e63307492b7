/** Starts the server: open settings and store, build the runtimes and conversations, listen. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { protocolVersion } from "@deckhand/protocol";
import { listAgents, createAgentFinder, delegateTargets } from "../agent/agents.ts";
import { loadDefinitions } from "../agent/definitions/load.ts";
import type { Config } from "../config/config.ts";
import type { Environment } from "../config/environment.ts";
import type { Flags } from "../config/resolve.ts";
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
import { liveApproval, liveLimits } from "./live-views.ts";
import { openSettings } from "../settings/open.ts";
import { createTools } from "../tools/tools.ts";
import { createSocketServer } from "../ws/server.ts";
import { currentModels } from "./models.ts";
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
export async function startServer(env: Environment, flags: Flags = {}): Promise<RunningServer> {
  await using parts = new AsyncDisposableStack();
  const settings = parts.use(await openSettings(env, (sentence) => console.error(sentence), flags));
  const { config } = settings;
  assertMayBind(config.server.host, config.server.token);
  await mkdir(config.server.home, { recursive: true, mode: 0o700 });
  await mkdir(config.workspace.folder, { recursive: true });

  const home = parts.use(await claimHome(config.server.home));
  const store = parts.use(openSqliteStore(join(config.server.home, "deckhand.db")));
  const machine = runtimeOptions(config, env);
  const runtimes = createRuntimes(config, machine, env);
  const fileLimits = { maxFiles: 50_000, maxBytes: config.workspace.maxMib * 1024 * 1024 };
  const uploads = await openUploads(join(config.server.home, "uploads"), fileLimits);
  const places = await createWorkspaces({
    ...machine,
    workspace: config.workspace.folder,
    runtimes,
    uploads,
    maxSeconds: config.workspace.setupSeconds,
    maxBytes: config.workspace.maxMib * 1024 * 1024,
  });
  const sandbox = () => runtimes.status(config.workspace.folder);
  const { definitions, errors: flaws } = await loadDefinitions(config.agents.folder);
  for (const flaw of flaws) console.error(`This agent was left out: ${flaw}`);
  const agents = listAgents(definitions);
  const tools = createTools({
    commandTimeoutMs: config.sandbox.commandTimeoutSeconds * 1000,
    browseAllow: config.network.browseAllow,
    agents: delegateTargets(definitions),
    skill: (name) => readUserSkill(config.server.home, name),
  });
  const listens = Promise.withResolvers<{ readonly url: string }>();
  const programs = hostPrograms({ home: config.server.home, env, path: machine.path });
  programs.endLeft();
  const mcp = parts.use(
    openMcpServers({
      set: () => settings.saved.mcp?.servers ?? {},
      programs,
      home: config.server.home,
      callback: async () => loginAddress((await listens.promise).url),
      log: (line) => console.error(line),
    }),
  );
  settings.onChange(() => mcp.update());
  const models = currentModels(settings);
  const worked = withFailPoint(env["DECKHAND_FAILPOINT"], {
    store,
    findModel: (choice) => models().find(choice),
    runtimes,
    tools,
  });
  const conversations = parts.use(
    new Conversations({
      ...worked,
      findAgent: createAgentFinder(worked.tools, definitions),
      defaultAgent: () => settings.config.agents.default,
      mcp,
      hooks: openHooks({ set: () => settings.saved.hooks ?? {}, programs, home: config.server.home }),
      workspaces: places,
      ...(config.workspace.checkpoints
        ? { checkpoints: openCheckpointStore(join(config.server.home, "snapshots"), runtimes) }
        : {}),
      limits: liveLimits(settings),
      approval: liveApproval(settings),
      workspace: config.workspace.folder,
      home: (id) => join(config.server.home, "conversations", id),
      readUserInstructions: () => readUserInstructions(config.server.home),
      now: Date.now,
      titles: config.agents.titles,
      resume: config.agents.resume,
      aliveMs: home.aliveMs,
      onFault: (conversation, fault) => console.error(`conversation ${conversation}:`, fault),
    }),
  );
  await conversations.recover();

  const jwtSecret = config.server.jwtSecret ?? home.jwtSecret;
  const version = "0.1.0";
  const listening = await serve({
    host: config.server.host,
    port: config.server.port,
    token: config.server.token ?? home.token,
    hosts: config.server.hosts,
    conversations,
    uploads,
    fileLimits,
    rules: serverRules(store.rules),
    costs: costsOf(store),
    defaultModel: async () => (await models().describe()).name,
    health: async () => ({
      model: await models().describe(),
      runtime: await sandbox(),
      // What commands reach; without a sandbox it is what this machine reaches.
      network: config.sandbox.runtime === "host" ? "host" : config.network.policy,
      protocol: protocolVersion,
    }),
    models: {
      names: () => models().names(),
      list: () => models().list(),
      check: async (choice, signal) => checkModel(await models().alone(choice), signal),
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
  models().warmUp();

  const whole = parts.move();
  return {
    url: listening.url,
    link: `${listening.url}/?token=${encodeURIComponent(config.server.token ?? home.token)}`,
    config,
    sandbox,
    model: () => models().describe(),
    close: () => whole.disposeAsync(),
  };
}
