/** Starts a server: opens settings and store, builds the runtimes and the conversations, and listens. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { protocolVersion } from "@deckhand/protocol";
import { listAgents, createAgentFinder, delegateTargets } from "../agent/agents.ts";
import { loadDefinitions } from "../agent/definitions/load.ts";
import { readUserSkill, readUserInstructions } from "../agent/instructions/user-instructions.ts";
import { openCheckpointStore } from "../checkpoints/checkpoint-store.ts";
import type { Config } from "../config/config.ts";
import type { Environment } from "../config/environment.ts";
import type { Flags } from "../config/resolve.ts";
import { serverRules } from "../conversation/approvals/server-rules.ts";
import { Conversations } from "../conversation/conversations.ts";
import { costsOf } from "../conversation/costs.ts";
import { openUploads } from "../files/uploads.ts";
import { openHooks } from "../hooks/open-hooks.ts";
import { assertMayBind } from "../http/auth/hosts.ts";
import { serve } from "../http/server.ts";
import { checkModel } from "../llm/check.ts";
import { loginAddress, openMcpServers } from "../mcp/open-servers.ts";
import { hostPrograms } from "../programs/program.ts";
import type { RuntimeStatus } from "../runtime/runtime.ts";
import { openSettings } from "../settings/open.ts";
import { claimHome } from "../store/home.ts";
import { openSqliteStore } from "../store/sqlite/sqlite-store.ts";
import { createTools } from "../tools/tools.ts";
import { createWorkspaces } from "../workspaces/create-workspaces.ts";
import { createSocketServer } from "../ws/server.ts";
import { withFailPoint } from "./fail-point.ts";
import { liveApproval, liveLimits } from "./live-views.ts";
import { currentModels } from "./models.ts";
import { createRuntimes, runtimeOptions } from "./runtimes.ts";

export interface RunningServer {
  /** `http://127.0.0.1:3000` */
  readonly url: string;
  /** The URL with the token: opens the web UI from anywhere. */
  readonly link: string;
  readonly config: Config;
  readonly sandbox: () => Promise<RuntimeStatus>;
  readonly model: () => Promise<{ readonly name: string; readonly demo: boolean }>;
  /** Stops all work and closes sockets in a way that makes clients reconnect; resolves within about a second. */
  close(): Promise<void>;
}

const mebibyte = 1024 * 1024;
const webRoot = join(import.meta.dirname, "../../../web/dist");

/** Fails with an `Error` whose message says what to do; nothing is left running then. */
export async function startServer(environment: Environment, flags: Flags = {}): Promise<RunningServer> {
  await using resources = new AsyncDisposableStack();
  const settings = resources.use(await openSettings(environment, (sentence) => console.error(sentence), flags));
  const { config } = settings;
  const { server } = config;
  assertMayBind(server.host, server.token);
  await mkdir(server.home, { recursive: true, mode: 0o700 });
  await mkdir(config.workspace.folder, { recursive: true });

  const home = resources.use(await claimHome(server.home));
  const store = resources.use(openSqliteStore(join(server.home, "deckhand.db")));
  const sandboxOptions = runtimeOptions(config, environment);
  const runtimes = createRuntimes(config, sandboxOptions, environment);
  const fileLimits = { maxFiles: 50_000, maxBytes: config.workspace.maxMib * mebibyte };
  const uploads = await openUploads(join(server.home, "uploads"), fileLimits);
  const workspaces = await createWorkspaces({
    ...sandboxOptions,
    workspace: config.workspace.folder,
    runtimes,
    uploads,
    maxSeconds: config.workspace.setupSeconds,
    maxBytes: fileLimits.maxBytes,
  });
  const sandboxStatus = () => runtimes.status(config.workspace.folder);
  const { definitions, errors: agentErrors } = await loadDefinitions(config.agents.folder);
  for (const error of agentErrors) console.error(`Agent definition ignored: ${error}`);
  const agents = listAgents(definitions);
  const tools = createTools({
    commandTimeoutMs: config.sandbox.commandTimeoutSeconds * 1000,
    browseAllow: config.network.browseAllow,
    agents: delegateTargets(definitions),
    skill: (name) => readUserSkill(server.home, name),
  });
  const listeningUrl = Promise.withResolvers<string>();
  const programs = hostPrograms({ home: server.home, env: environment, path: sandboxOptions.path });
  programs.endOrphans();
  const mcp = resources.use(
    openMcpServers({
      configured: () => settings.saved.mcp?.servers ?? {},
      programs,
      home: server.home,
      callback: async () => loginAddress(await listeningUrl.promise),
      log: (line) => console.error(line),
    }),
  );
  settings.onChange(() => mcp.update());
  const models = currentModels(settings);
  const instrumented = withFailPoint(environment["DECKHAND_FAILPOINT"], {
    store,
    findModel: (choice) => models().find(choice),
    runtimes,
    tools,
  });
  const conversations = resources.use(
    new Conversations({
      ...instrumented,
      findAgent: createAgentFinder(instrumented.tools, definitions),
      defaultAgent: () => settings.config.agents.default,
      mcp,
      hooks: openHooks({ configured: () => settings.saved.hooks ?? {}, programs, home: server.home }),
      workspaces,
      ...(config.workspace.checkpoints ? { checkpoints: openCheckpointStore(server.home, runtimes) } : {}),
      limits: liveLimits(settings),
      approval: liveApproval(settings),
      workspace: config.workspace.folder,
      home: (id) => join(server.home, "conversations", id),
      readUserInstructions: () => readUserInstructions(server.home),
      now: Date.now,
      titles: config.agents.titles,
      resume: config.agents.resume,
      aliveMs: home.aliveMs,
      onFault: (conversation, fault) => console.error(`conversation ${conversation}:`, fault),
    }),
  );
  await conversations.recover();

  const token = server.token ?? home.token;
  const jwtSecret = server.jwtSecret ?? home.jwtSecret;
  const version = "0.1.0";
  const listening = await serve({
    host: server.host,
    port: server.port,
    token,
    hosts: server.hosts,
    conversations,
    uploads,
    fileLimits,
    rules: serverRules(store.rules),
    costs: costsOf(store),
    defaultModel: async () => (await models().describe()).name,
    health: async () => ({
      model: await models().describe(),
      runtime: await sandboxStatus(),
      // Without a sandbox, commands reach whatever this machine reaches.
      network: config.sandbox.runtime === "host" ? "host" : config.network.policy,
      protocol: protocolVersion,
      log_conflicts: conversations.conflicts,
    }),
    models: {
      names: () => models().names(),
      list: () => models().list(),
      check: async (choice, signal) => checkModel(await models().findWithoutFallback(choice), signal),
    },
    agents: { described: agents, broken: agentErrors },
    settings,
    mcp,
    webRoot,
    jwtSecret,
    version,
    webSockets: createSocketServer({ conversations, jwtSecret, version }),
  });
  resources.defer(() => listening.close());
  await home.listening(listening.url);
  listeningUrl.resolve(listening.url);
  // Listening does not depend on these, but the first task does.
  void sandboxStatus();
  models().warmUp();

  const running = resources.move();
  return {
    url: listening.url,
    link: `${listening.url}/?token=${encodeURIComponent(token)}`,
    config,
    sandbox: sandboxStatus,
    model: () => models().describe(),
    close: () => running.disposeAsync(),
  };
}
