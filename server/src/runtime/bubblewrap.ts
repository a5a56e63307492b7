/**
 * The sandbox on Linux: bubblewrap, one for each conversation, from its first command until it is disposed of. What is inside is in
 * wall/, what runs inside in box/. Nothing runs before the wall has been tried (wall/probe.ts) for the kind of owner that the workspace has.
 */
import { accessSync, chownSync, constants, mkdirSync, realpathSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { DeckhandError } from "@deckhand/protocol";
import { processHostOpener } from "./shell/process-host.ts";
import { ShellRuntime } from "./shell/shell-runtime.ts";
import { runOnce } from "./shell/run-once.ts";
import { supervisorCommand, supervisorPathInSandbox } from "./shell/shell-protocol.ts";
import { outputFiles } from "./shell/output/output-file.ts";
import { pipeSource } from "./shell/pipe.ts";
import { ConversationNetwork } from "./network/conversation-network.ts";
import { namespaceSource } from "./network/namespace.ts";
import { proxyEnvironment } from "./network/proxy/proxy-environment.ts";
import type { IsolatedProgram, RuntimeFactory, RuntimeStatus, SpawnResult } from "./runtime.ts";
import { bwrapCommand, type BwrapCommand, type BwrapOptions } from "./sandbox/bwrap-args.ts";
import { createCommondirGuard } from "./sandbox/mounts/commondir-guard.ts";
import { createLimiter, type Limiter } from "./sandbox/limits/limit-enforcer.ts";
import { resolveLimits } from "./sandbox/limits/limits.ts";
import { copiedDevices } from "./sandbox/mounts/device-nodes.ts";
import { commandEnvironment } from "./sandbox/environment.ts";
import {
  isolatedMounts,
  conversationMounts,
  sandboxHome,
  sandboxOutputs,
  sandboxMounts,
  type Mount,
  type SandboxMounts,
} from "./sandbox/mounts/mounts.ts";
import type { RuntimeOptions } from "./runtime-options.ts";
import { runSelfTest } from "./sandbox/self-test/self-test.ts";
import { protectedPaths } from "./sandbox/mounts/protected-paths.ts";
import { hiddenSockets } from "./sandbox/mounts/hidden-sockets.ts";
import { seccompFilter } from "./sandbox/seccomp/filter.ts";
import { prepareEtc, systemMounts } from "./sandbox/mounts/system-files.ts";
import { toolFolders, type Tools } from "./sandbox/mounts/tool-folders.ts";
import { checkWorkspace } from "./sandbox/workspace-policy.ts";

type Owner = BwrapOptions["owner"];

interface Wall {
  command(place: Place, command: readonly string[]): BwrapCommand;
  /** What is mounted over a workspace: what runs code later, and sockets of programs outside, there and in the tools. */
  over(workspace: string): Promise<{ readonly mounts: readonly Mount[]; readonly commondirs: readonly string[] }>;
}

/** Where a command is, and what it has for its own. */
interface Place extends Pick<SandboxMounts, "home" | "work"> {
  /** What all that runs may take; the configured limit when not given. */
  readonly memoryBytes?: number;
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What enters its network; it has none when not given. */
  readonly enter?: readonly string[];
  readonly untrusted?: readonly Mount[];
}

/** Conversations whose connections are remembered. */
const mostNetworks = 1000;

const checkout = resolve(import.meta.dirname, "../../..");
/** Whose workspace is tried where the server is root: nobody. */
const nobody = { uid: 65_534, gid: 65_534 };

export function bubblewrapRuntimes(options: RuntimeOptions): RuntimeFactory {
  const proofs = new Map<string, Promise<RuntimeStatus>>();
  /** Kinds of owner for which the wall did not hold when it was last tried. */
  const leaks = new Set<string>();
  const pipes = pipeSource();
  const namespaces = namespaceSource(() => findBwrap(options.path));
  const networks = new Map<string, ConversationNetwork>();
  const newNetwork = () =>
    options.network === undefined || options.network.policy.mode === "off"
      ? undefined
      : new ConversationNetwork(options.network, namespaces);

  /** What went through is remembered when the sandbox has gone, of the last conversations. */
  const networkOf = (home: string): ConversationNetwork | undefined => {
    const network = networks.get(home) ?? newNetwork();
    if (network === undefined) return undefined;
    networks.delete(home);
    networks.set(home, network);
    const [oldest] = networks.keys();
    if (networks.size > mostNetworks && oldest !== undefined) networks.delete(oldest);
    return network;
  };
  const limiter = createLimiter();
  const anchors = createCommondirGuard();
  const limits = resolveLimits(options.limits);

  /** A wall that held is trusted from then on; one that did not is tried again, because people install what is missing. */
  const prove = (key: "server" | "owner", owner: Owner): Promise<RuntimeStatus> => {
    const known = proofs.get(key);
    if (known !== undefined) return known;
    const proof = tryWall(options, owner, limiter, newNetwork());
    proofs.set(key, proof);
    void proof.then(({ proven }) => {
      if (!proven) {
        proofs.delete(key);
        leaks.add(key);
      } else {
        leaks.delete(key);
        pipes.prepare();
      }
    });
    return proof;
  };

  /** Fails with `sandbox_unavailable` unless the wall has held for such an owner. */
  const proven = async (owner: Owner): Promise<void> => {
    const proof = owner === undefined ? await prove("server", undefined) : await prove("owner", nobody);
    if (!proof.proven) throw new DeckhandError("sandbox_unavailable", proof.sentence);
  };

  // Snapshots run several programs for each step of an agent.
  const shownLately = lately(() => shownBy(options), 2000);

  const runBehind = async (
    walled: Wall,
    owner: Owner,
    program: IsolatedProgram & { readonly enter: readonly string[] },
    maxBytes: number,
    signal: AbortSignal,
  ): Promise<SpawnResult> => {
    const { folders, cwd, env = {}, argv, enter } = program;
    const limited = await limiter.enforce(limits, isRootAs(owner));
    const command = walled.command({ ...isolatedMounts(folders), cwd, env, enter }, argv);
    try {
      const launch = { ...command, env: {}, cwd: "/", sandboxed: true, mark: "", limitEnforcer: limited };
      return await runOnce(launch, program, maxBytes, signal);
    } finally {
      await limited.close();
    }
  };

  return {
    async status(workspace) {
      const owner = ownerOf(statSync(workspace, { throwIfNoEntry: false }) ?? { uid: 0, gid: 0 });
      return owner === undefined ? prove("server", undefined) : prove("owner", nobody);
    },
    network: (home) => networks.get(home),
    async create({ workspace, home, allowedHosts }) {
      const checked = await checkWorkspace(workspace, options);
      const owner = ownerOf(checked);
      await proven(owner);
      const folders = { home: join(home, "home"), outputs: join(home, "outputs"), workspace: checked.path };
      mkdirSync(folders.home, { recursive: true, mode: 0o700 });
      mkdirSync(folders.outputs, { recursive: true, mode: 0o755 });
      if (owner !== undefined) chownSync(folders.home, owner.uid, owner.gid);
      const network = networkOf(home);
      network?.allowHosts(allowedHosts ?? (() => []));
      return new ShellRuntime({
        kind: "bubblewrap",
        network,
        workspace: checked.path,
        outputFiles: outputFiles(folders.outputs, sandboxOutputs),
        openHost: processHostOpener(pipes, { hostPath: folders.outputs, sandboxPath: sandboxOutputs }, async () => {
          const walled = await wall(options, owner);
          const over = await walled.over(checked.path);
          const limited = await limiter.enforce(limits, isRootAs(owner));
          const dropped = await anchors.place(over.commondirs);
          const untrusted = [...over.mounts, ...dropped.mounts];
          const close = async () => void (await Promise.all([limited.close(), dropped.lift()]));
          const zones = [checked.path, sandboxHome, "/tmp"];
          const enter = (await network?.enterArgv()) ?? [];
          const command = walled.command(
            { ...conversationMounts(folders), untrusted, cwd: checked.path, enter },
            supervisorCommand(supervisorPathInSandbox, zones, "", limited.ulimits),
          );
          return { ...command, env: {}, cwd: "/", sandboxed: true, mark: "", limitEnforcer: { ...limited, close } };
        }),
      });
    },
    async runIsolated(program, maxBytes, signal) {
      const { cwd, allowedHosts: reaches } = program;
      const owner = ownerOf(ownersOf(cwd));
      await proven(owner);
      await using network = reaches === undefined ? undefined : newNetwork();
      network?.allowHosts(() => reaches ?? []);
      const enter = (await network?.enterArgv()) ?? [];
      return await runBehind(await wall(options, owner, shownLately), owner, { ...program, enter }, maxBytes, signal);
    },
    async runReadOnly(workspace, argv, maxBytes, signal) {
      const checked = await checkWorkspace(workspace, options);
      const owner = ownerOf(checked);
      if (leaks.has(owner === undefined ? "server" : "owner")) await proven(owner);
      const { path } = checked;
      // Without /etc: at the very first start it is being made, and a program that only reads files can do without.
      const shown = async () => ({ tools: toolFolders({ ...options, checkout }), system: systemMounts() });
      const walled = await wall(options, owner, shown);
      const program = { argv, cwd: path, folders: [{ path, access: "read" as const }], enter: [] };
      return runBehind(walled, owner, program, maxBytes, signal);
    },
  };
}

/** Fails with `sandbox_unavailable`. */
function ownersOf(folder: string): { readonly uid: number; readonly gid: number } {
  try {
    return statSync(folder);
  } catch (error) {
    throw new DeckhandError("sandbox_unavailable", `${folder} cannot be used: ${(error as Error).message}`);
  }
}

/** Who commands are: the workspace's owner where the server can be anybody, else the server's own user. */
function ownerOf(workspace: { readonly uid: number; readonly gid: number }): Owner {
  return process.getuid?.() === 0 && workspace.uid !== 0 ? { uid: workspace.uid, gid: workspace.gid } : undefined;
}

/** Whether commands of that owner are root outside. */
function isRootAs(owner: Owner): boolean {
  return owner === undefined && process.getuid?.() === 0;
}

interface Shown {
  readonly tools: Tools;
  readonly system: readonly Mount[];
}

/** What of the machine all sandboxes see. */
async function shownBy(options: RuntimeOptions): Promise<Shown> {
  const etc = await prepareEtc(join(options.dataHome, "sandbox"));
  return { tools: toolFolders({ ...options, checkout }), system: systemMounts(etc) };
}

/** The same for as long; to find it out takes a third of what a small program takes behind the wall. */
function lately<T>(make: () => Promise<T>, forMs: number): () => Promise<T> {
  let last: { readonly made: Promise<T>; readonly atMs: number } | undefined;
  return () => {
    const nowMs = performance.now();
    if (last === undefined || nowMs - last.atMs > forMs) {
      const made = make();
      last = { made, atMs: nowMs };
      made.catch(() => (last = undefined));
    }
    return last.made;
  };
}

/** Fails with `sandbox_unavailable` when there is no bwrap. */
async function wall(options: RuntimeOptions, owner: Owner, look = () => shownBy(options)): Promise<Wall> {
  const bwrap = findBwrap(options.path);
  if (bwrap === undefined) {
    throw new DeckhandError("sandbox_unavailable", advice("bwrap is not on the PATH."));
  }
  const limits = resolveLimits(options.limits);
  const filter = seccompFilter(process.arch);
  const { tools, system } = await look();
  const devices = isRootAs(owner) ? await copiedDevices(join(options.dataHome, "sandbox", "dev")) : [];
  const command: Wall["command"] = ({ cwd, env, enter = [], untrusted = [], ...own }, argv) =>
    bwrapCommand(
      {
        bwrap,
        mounts: sandboxMounts({
          memoryBytes: limits.memoryBytes,
          system,
          devices,
          tools: tools.mounts,
          hidden: [...new Set([options.dataHome, checkout].flatMap((path) => [resolve(path), real(path)]))],
          ...own,
        }),
        env: commandEnvironment({
          path: tools.path,
          home: sandboxHome,
          extra: { USER: "agent", LOGNAME: "agent", ...tools.env, ...(enter.length > 0 && proxyEnvironment), ...env },
        }),
        cwd,
        enterNetwork: enter,
        filter,
        untrusted,
        ...(owner === undefined ? {} : { owner }),
      },
      argv,
    );
  return {
    command,
    async over(workspace) {
      const shown = [workspace, "/usr", ...tools.mounts.map(({ to }) => to)];
      const { mounts, commondirs } = await protectedPaths(workspace, options.protectedNames);
      return { mounts: [...mounts, ...(await hiddenSockets(shown))], commondirs };
    },
  };
}

async function tryWall(
  options: RuntimeOptions,
  owner: Owner,
  limiter: Limiter,
  network: ConversationNetwork | undefined,
): Promise<RuntimeStatus> {
  const kind = "bubblewrap";
  try {
    const tried = await wall(options, owner);
    const enter = (await network?.enterArgv()) ?? [];
    const {
      checks,
      untried,
      stderr: said,
    } = await runSelfTest({
      ...options,
      ...(owner === undefined ? {} : { owner }),
      isRootOutside: isRootAs(owner),
      limiter,
      hasProxy: network !== undefined,
      async command(folders, command, memoryBytes) {
        const over = await tried.over(folders.workspace);
        const dropped = await createCommondirGuard().place(over.commondirs);
        const untrusted = [...over.mounts, ...dropped.mounts];
        const place = { ...conversationMounts(folders), untrusted, memoryBytes, cwd: folders.workspace, enter };
        return tried.command(place, command);
      },
    });
    const triedAt = new Date().toISOString();
    const broken = checks.filter(({ held }) => !held);
    if (broken.length === 0) {
      const sentence = `Commands run in a bubblewrap sandbox, which held against ${checks.length} attempts.`;
      return { kind, proven: true, sentence, checks, untried, triedAt };
    }
    const ways = broken.map(({ name, controlled, control }) => (controlled ? name : `${name} (not: ${control})`));
    const why = said === "" ? `the sandbox let through: ${ways.join("; ")}.` : `bubblewrap does not work here: ${said}`;
    return { kind, proven: false, sentence: advice(why), checks, untried, triedAt };
  } catch (error) {
    const sentence = error instanceof DeckhandError ? error.message : advice((error as Error).message);
    return { kind, proven: false, sentence, checks: [], untried: [], triedAt: new Date().toISOString() };
  } finally {
    await network?.[Symbol.asyncDispose]();
  }
}

/** What to do about it, by what bubblewrap says (bubblewrap.c, `create_user_ns` and the parsing of options). */
function advice(why: string): string {
  const way = why.includes("Unknown option")
    ? "Install bubblewrap 0.8 or newer"
    : /namespace|uid map|Operation not permitted|Permission denied/.test(why)
      ? "Let ordinary users make namespaces (sysctl kernel.unprivileged_userns_clone=1, on Ubuntu kernel.apparmor_restrict_unprivileged_userns=0)"
      : "Install bubblewrap (apt-get install bubblewrap)";
  return `No command is run, because ${why} ${way}, or set DECKHAND_RUNTIME=host to run commands without a sandbox.`;
}

function findBwrap(path: string): string | undefined {
  for (const folder of path.split(":")) {
    const file = join(folder, "bwrap");
    try {
      if (!folder.startsWith("/")) continue;
      accessSync(file, constants.X_OK);
      // The second stage is started from inside the first, where a link may lead nowhere.
      return realpathSync(file);
    } catch {
      continue;
    }
  }
  return undefined;
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}
