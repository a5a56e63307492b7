/**
 * The sandbox on Linux: one bubblewrap per conversation, from its first command until the runtime is disposed. What it
 * confines is in sandbox/, what runs inside in shell/. Nothing runs before the sandbox has been verified
 * (sandbox/self-test/) for the kind of owner that the workspace has.
 */
import { chownSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { DeckhandError } from "@deckhand/protocol";
import { ConversationNetwork } from "./network/conversation-network.ts";
import { namespaceSource } from "./network/namespace.ts";
import type { RuntimeOptions } from "./runtime-options.ts";
import type { IsolatedProgram, RuntimeFactory, SpawnResult } from "./runtime.ts";
import { createLimiter } from "./sandbox/limits/limit-enforcer.ts";
import { resolveLimits } from "./sandbox/limits/limits.ts";
import { createCommondirGuard } from "./sandbox/mounts/commondir-guard.ts";
import { conversationMounts, isolatedMounts, sandboxHome, sandboxOutputs } from "./sandbox/mounts/mounts.ts";
import {
  findBwrap,
  isRootOutside,
  openSandbox,
  ownerOf,
  readSystem,
  readSystemWithoutEtc,
  type Owner,
  type Sandbox,
} from "./sandbox/sandbox.ts";
import { SandboxVerifier } from "./sandbox/self-test/verify.ts";
import { checkWorkspace } from "./sandbox/workspace-policy.ts";
import { processHostOpener } from "./shell/local-host.ts";
import { outputFiles } from "./shell/output/output-file.ts";
import { pipeSource } from "./shell/pipe.ts";
import { runOnce } from "./shell/run-once.ts";
import { supervisorCommand, supervisorPathInSandbox } from "./shell/shell-protocol.ts";
import { ShellRuntime } from "./shell/shell-runtime.ts";

/** Conversations whose connections are remembered. */
const maxNetworks = 1000;
/** Checkpoints run several programs for each step of an agent. */
const systemViewMs = 2000;

export function bubblewrapRuntimes(options: RuntimeOptions): RuntimeFactory {
  const pipes = pipeSource();
  const namespaces = namespaceSource(() => findBwrap(options.path));
  const newNetwork = () =>
    options.network === undefined || options.network.policy.mode === "off"
      ? undefined
      : new ConversationNetwork(options.network, namespaces);
  const networks = rememberedNetworks(newNetwork);
  const limiter = createLimiter();
  const commondirGuard = createCommondirGuard();
  const limits = resolveLimits(options.limits);
  const verifier = new SandboxVerifier({ runtime: options, limiter, newNetwork, onVerified: () => pipes.prepare() });
  const recentSystem = cachedFor(systemViewMs, () => readSystem(options));

  async function runIn(
    sandbox: Sandbox,
    owner: Owner,
    program: IsolatedProgram & { readonly enterNetwork: readonly string[] },
    maxBytes: number,
    signal: AbortSignal,
  ): Promise<SpawnResult> {
    const { folders, cwd, env = {}, argv, enterNetwork } = program;
    const limitEnforcer = await limiter.enforce(limits, isRootOutside(owner));
    const command = sandbox.command({ ...isolatedMounts(folders), cwd, env, enterNetwork }, argv);
    try {
      const launch = { ...command, env: {}, cwd: "/", sandboxed: true, mark: "", limitEnforcer };
      return await runOnce(launch, program, maxBytes, signal);
    } finally {
      await limitEnforcer.close();
    }
  }

  return {
    status: async (workspace) =>
      verifier.verify(ownerOf(statSync(workspace, { throwIfNoEntry: false }) ?? { uid: 0, gid: 0 })),
    network: (home) => networks.get(home),
    async create({ workspace, home, allowedHosts }) {
      const checked = await checkWorkspace(workspace, options);
      const owner = ownerOf(checked);
      await verifier.require(owner);
      const folders = { home: join(home, "home"), outputs: join(home, "outputs"), workspace: checked.path };
      mkdirSync(folders.home, { recursive: true, mode: 0o700 });
      mkdirSync(folders.outputs, { recursive: true, mode: 0o755 });
      if (owner !== undefined) chownSync(folders.home, owner.uid, owner.gid);
      const network = networks.open(home);
      network?.setAllowedHosts(allowedHosts ?? (() => []));
      const launch = async () => {
        const sandbox = await openSandbox(options, owner);
        const guards = await sandbox.workspaceGuards(checked.path);
        const enforcer = await limiter.enforce(limits, isRootOutside(owner));
        const placed = await commondirGuard.place(checked.path, guards.commondirs);
        const untrusted = [...guards.mounts, ...placed.mounts];
        const close = async () => void (await Promise.all([enforcer.close(), placed.remove()]));
        const writable = [checked.path, sandboxHome, "/tmp"];
        const enterNetwork = (await network?.enterArgv()) ?? [];
        const command = sandbox.command(
          { ...conversationMounts(folders), untrusted, cwd: checked.path, enterNetwork },
          supervisorCommand(supervisorPathInSandbox, writable, "", enforcer.ulimits),
        );
        return { ...command, env: {}, cwd: "/", sandboxed: true, mark: "", limitEnforcer: { ...enforcer, close } };
      };
      return new ShellRuntime({
        kind: "bubblewrap",
        network,
        workspace: checked.path,
        outputFiles: outputFiles(folders.outputs, sandboxOutputs),
        openHost: processHostOpener(pipes, { hostPath: folders.outputs, sandboxPath: sandboxOutputs }, launch),
      });
    },
    async runIsolated(program, maxBytes, signal) {
      const { cwd, allowedHosts } = program;
      const owner = ownerOf(statFolder(cwd));
      await verifier.require(owner);
      await using network = allowedHosts === undefined ? undefined : newNetwork();
      network?.setAllowedHosts(() => allowedHosts ?? []);
      const enterNetwork = (await network?.enterArgv()) ?? [];
      const sandbox = await openSandbox(options, owner, recentSystem);
      return await runIn(sandbox, owner, { ...program, enterNetwork }, maxBytes, signal);
    },
    async runReadOnly(workspace, argv, maxBytes, signal) {
      const checked = await checkWorkspace(workspace, options);
      const owner = ownerOf(checked);
      if (verifier.hasFailed(owner)) await verifier.require(owner);
      const { path } = checked;
      const sandbox = await openSandbox(options, owner, () => readSystemWithoutEtc(options));
      const program = { argv, cwd: path, folders: [{ path, access: "read" as const }], enterNetwork: [] };
      return runIn(sandbox, owner, program, maxBytes, signal);
    },
  };
}

interface RememberedNetworks {
  get(home: string): ConversationNetwork | undefined;
  /** Undefined if commands have no network. */
  open(home: string): ConversationNetwork | undefined;
}

/** Remembers the connections of the most recent conversations after their sandboxes are gone. */
function rememberedNetworks(create: () => ConversationNetwork | undefined): RememberedNetworks {
  const networks = new Map<string, ConversationNetwork>();
  return {
    get: (home) => networks.get(home),
    open(home) {
      const network = networks.get(home) ?? create();
      if (network === undefined) return undefined;
      networks.delete(home);
      networks.set(home, network);
      const [oldest] = networks.keys();
      if (networks.size > maxNetworks && oldest !== undefined) networks.delete(oldest);
      return network;
    },
  };
}

/** Reuses a result for a while: reading the system takes a third of what a small program takes in the sandbox. */
function cachedFor<T>(maxAgeMs: number, read: () => Promise<T>): () => Promise<T> {
  let last: { readonly result: Promise<T>; readonly atMs: number } | undefined;
  return () => {
    const nowMs = performance.now();
    if (last === undefined || nowMs - last.atMs > maxAgeMs) {
      const result = read();
      last = { result, atMs: nowMs };
      result.catch(() => (last = undefined));
    }
    return last.result;
  };
}

/** Fails with `sandbox_unavailable`. */
function statFolder(folder: string): { readonly uid: number; readonly gid: number } {
  try {
    return statSync(folder);
  } catch (error) {
    throw new DeckhandError("sandbox_unavailable", `${folder} cannot be used: ${(error as Error).message}`);
  }
}
