/**
 * The bubblewrap sandbox: what a command sees and may do. `openSandbox` reads what the machine offers;
 * `Sandbox.command` turns that and a place (its folders, directory and network) into a command line.
 */
import { accessSync, constants, realpathSync } from "node:fs";
import { join, resolve } from "node:path";
import { DeckhandError } from "@deckhand/protocol";
import { proxyEnvironment } from "../network/proxy/proxy-environment.ts";
import type { RuntimeOptions } from "../runtime-options.ts";
import { bwrapCommand, type BwrapCommand, type BwrapOptions } from "./bwrap-args.ts";
import { commandEnvironment } from "./environment.ts";
import { resolveLimits } from "./limits/limits.ts";
import { copiedDevices } from "./mounts/device-nodes.ts";
import { hiddenSockets } from "./mounts/hidden-sockets.ts";
import { sandboxHome, sandboxMounts, type Mount, type SandboxMounts } from "./mounts/mounts.ts";
import { protectedPaths, type ProtectedPaths } from "./mounts/protected-paths.ts";
import { prepareEtc, systemMounts } from "./mounts/system-files.ts";
import { toolFolders, type Tools } from "./mounts/tool-folders.ts";
import { seccompFilter } from "./seccomp/filter.ts";

/** Whom commands run as outside; undefined: the server's user. */
export type Owner = BwrapOptions["owner"];

export interface Sandbox {
  command(place: SandboxPlace, command: readonly string[]): BwrapCommand;
  /**
   * Mounts over a workspace that hide or protect what must not be written or connected to, there and in the tool
   * folders.
   */
  workspaceGuards(workspace: string): Promise<ProtectedPaths>;
}

/** Where a command runs and what it has to itself. */
export interface SandboxPlace extends Pick<SandboxMounts, "home" | "work"> {
  /** Memory limit of everything that runs; defaults to the configured one. */
  readonly memoryBytes?: number;
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The command prefix that enters its network; without it there is no network. */
  readonly enterNetwork?: readonly string[];
  readonly untrusted?: readonly Mount[];
}

/** The parts of this machine that every sandbox sees. */
export interface SystemView {
  readonly tools: Tools;
  readonly system: readonly Mount[];
}

const checkout = resolve(import.meta.dirname, "../../../..");

/**
 * Whom commands in a folder with that owner run as: the folder's owner if the server is root, otherwise the server's
 * user.
 */
export function ownerOf(folder: { readonly uid: number; readonly gid: number }): Owner {
  return process.getuid?.() === 0 && folder.uid !== 0 ? { uid: folder.uid, gid: folder.gid } : undefined;
}

/** Whether commands of that owner are root outside the sandbox. */
export function isRootOutside(owner: Owner): boolean {
  return owner === undefined && process.getuid?.() === 0;
}

export async function readSystem(options: RuntimeOptions): Promise<SystemView> {
  const etc = await prepareEtc(join(options.dataHome, "sandbox"));
  return { tools: toolFolders({ ...options, checkout }), system: systemMounts(etc) };
}

/**
 * The same without /etc: on the very first start that is still being prepared, and a program that only reads files does
 * not need it.
 */
export async function readSystemWithoutEtc(options: RuntimeOptions): Promise<SystemView> {
  return { tools: toolFolders({ ...options, checkout }), system: systemMounts() };
}

/** Fails with `sandbox_unavailable` if bubblewrap is not installed. */
export async function openSandbox(
  options: RuntimeOptions,
  owner: Owner,
  readView = () => readSystem(options),
): Promise<Sandbox> {
  const bwrap = findBwrap(options.path);
  if (bwrap === undefined) {
    throw new DeckhandError("sandbox_unavailable", disabledBecause("bubblewrap (bwrap) was not found on PATH."));
  }
  const limits = resolveLimits(options.limits);
  const filter = seccompFilter(process.arch);
  const { tools, system } = await readView();
  const devices = isRootOutside(owner) ? await copiedDevices(join(options.dataHome, "sandbox", "dev")) : [];
  const hidden = [...new Set([options.dataHome, checkout].flatMap((path) => [resolve(path), realPath(path)]))];
  return {
    command({ cwd, env, enterNetwork = [], untrusted = [], ...own }, argv) {
      const proxy = enterNetwork.length > 0 && proxyEnvironment;
      return bwrapCommand(
        {
          bwrap,
          mounts: sandboxMounts({
            memoryBytes: limits.memoryBytes,
            system,
            devices,
            tools: tools.mounts,
            hidden,
            ...own,
          }),
          env: commandEnvironment({
            path: tools.path,
            home: sandboxHome,
            extra: { USER: "agent", LOGNAME: "agent", ...tools.env, ...proxy, ...env },
          }),
          cwd,
          enterNetwork,
          filter,
          untrusted,
          ...(owner === undefined ? {} : { owner }),
        },
        argv,
      );
    },
    async workspaceGuards(workspace) {
      const visible = [workspace, "/usr", ...tools.mounts.map(({ to }) => to)];
      const { mounts, commondirs } = await protectedPaths(workspace, options.protectedNames, options.userHome);
      return { mounts: [...mounts, ...(await hiddenSockets(visible))], commondirs };
    },
  };
}

export function findBwrap(path: string): string | undefined {
  for (const folder of path.split(":")) {
    if (!folder.startsWith("/")) continue;
    const file = join(folder, "bwrap");
    try {
      accessSync(file, constants.X_OK);
      // The real path: the second stage starts inside the first, where a symbolic link may lead nowhere.
      return realpathSync(file);
    } catch {
      continue;
    }
  }
  return undefined;
}

/** Adds what to do, depending on bubblewrap's message (bubblewrap.c, `create_user_ns` and the option parser). */
export function disabledBecause(why: string): string {
  const fix = why.includes("Unknown option")
    ? "Install bubblewrap 0.8 or newer"
    : /namespace|uid map|Operation not permitted|Permission denied/.test(why)
      ? "Allow unprivileged user namespaces (sysctl kernel.unprivileged_userns_clone=1; on Ubuntu kernel.apparmor_restrict_unprivileged_userns=0)"
      : "Install bubblewrap (apt-get install bubblewrap)";
  return `Commands are disabled: ${why} ${fix}, or set DECKHAND_RUNTIME=host to run commands without a sandbox.`;
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}
