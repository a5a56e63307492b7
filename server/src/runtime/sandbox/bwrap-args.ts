/**
 * bubblewrap's command line. Source: bwrap(1) of 0.8.0, the first version with `--disable-userns`.
 *
 * If the server is root and the workspace belongs to another user, commands must run as that user: the files they
 * create are the user's, and files that only root can read stay unreadable. bubblewrap maps a single user, so this
 * takes two stages. The outer one runs as root, assembles the folders (some may be where their owner has no access,
 * such as /root/.local/share) and drops root; the inner one runs as the owner and builds the sandbox from folders that
 * are already in place. The same two stages are used to mount over paths in the workspace: bubblewrap follows symbolic
 * links in the machine's own file system, and the workspace may be full of them.
 *
 * If the workspace is root's, commands are root outside, although without any capability. Mounts then prevent what the
 * kernel lets root do because it owns a file: /proc is read-only, or a line written to /proc/sys/kernel/core_pattern
 * would reach the machine, and the devices are copies (mounts/device-nodes.ts).
 */
import { dirname } from "node:path";
import { descriptors } from "../shell/shell-protocol.ts";
import type { Mount } from "./mounts/mounts.ts";
import { isIn } from "./workspace-policy.ts";

export interface BwrapOptions {
  /** Path of bwrap. */
  readonly bwrap: string;
  readonly mounts: readonly Mount[];
  /** Mounted over those, at paths that commands could change: a symbolic link there must not lead outside. */
  readonly untrusted: readonly Mount[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** The system call filter; seccomp/filter.ts. */
  readonly filter: Uint8Array;
  /** Whom commands run as outside; the server's user by default. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /**
   * The command prefix that enters the conversation's network namespace (network/namespace.ts); if empty, there is no
   * network.
   */
  readonly enterNetwork: readonly string[];
}

export interface BwrapCommand {
  readonly argv: readonly string[];
  /**
   * Written to descriptors of the process, which are then closed. Most arguments are passed this way, because the
   * command line is readable inside and would reveal paths of this machine.
   */
  readonly feeds: readonly { readonly fd: number; readonly text: string | Uint8Array }[];
}

/** The command line that runs `command` in the sandbox. */
export function bwrapCommand(options: BwrapOptions, command: readonly string[]): BwrapCommand {
  const { bwrap, mounts, untrusted, owner } = options;
  const staged = owner !== undefined || untrusted.length > 0;
  const placed = mounts.map((mount) => ("from" in mount ? { ...mount, from: mount.to } : mount));
  const inner = [
    namespaces,
    options.enterNetwork.length === 0 ? ["--unshare-net"] : [],
    Object.entries(options.env).flatMap(([name, value]) => ["--setenv", name, value]),
    ["--dev", "/dev", "--proc", "/proc"],
    withParents([...(staged ? placed : mounts), ...untrusted]),
    ["--remount-ro", "/proc", "--remount-ro", "/dev", "--remount-ro", "/"],
    ["--chdir", options.cwd],
  ].flat();
  const innerArgv = [bwrap, "--args", String(descriptors.arguments), "--", ...command];
  const innerFeeds = [
    { fd: descriptors.arguments, text: nulEnded(inner) },
    { fd: descriptors.filter, text: options.filter },
  ];
  if (!staged) return { argv: [...options.enterNetwork, ...innerArgv], feeds: innerFeeds };
  const outer = [
    // bubblewrap starts by mounting a tmpfs on /tmp, so the second stage needs a /tmp.
    ["--die-with-parent", "--dir", "/tmp"],
    // The inner stage needs the devices in order to show them, and a complete /proc to be allowed to mount its own.
    ["--dev-bind", "/dev", "/dev", "--bind", "/proc", "/proc"],
    withParents([
      ...mounts.filter((mount) => mount.type !== "memory" && mount.type !== "closed"),
      { type: "read", from: bwrap, to: bwrap },
    ]),
    ["--remount-ro", "/"],
  ].flat();
  const become =
    owner === undefined
      ? []
      : [...keepRootParent, "setpriv", `--reuid=${owner.uid}`, `--regid=${owner.gid}`, "--clear-groups", "--"];
  return {
    argv: [...options.enterNetwork, bwrap, "--args", String(descriptors.outerArguments), "--", ...become, ...innerArgv],
    feeds: [{ fd: descriptors.outerArguments, text: nulEnded(outer) }, ...innerFeeds],
  };
}

/**
 * A process with root's full privileges between root's bubblewrap and the owner's. The first one drops its
 * capabilities, and without them it may not send the parent-death signal to another user's process (found by the
 * self-test: the sandbox survived).
 */
const keepRootParent = ["/bin/sh", "-c", '"$@"; exit $?', "sh"];

/** Inside, the user always has an ordinary uid: as uid 0, tar and npm would try to change owners of files. */
const namespaces = [
  ["--unshare-user", "--uid", "1000", "--gid", "1000", "--disable-userns"],
  ["--unshare-ipc", "--unshare-pid", "--unshare-uts", "--unshare-cgroup-try"],
  ["--hostname", "deckhand", "--cap-drop", "ALL", "--new-session", "--die-with-parent"],
  ["--info-fd", String(descriptors.info), "--clearenv", "--seccomp", String(descriptors.filter)],
].flat();

/**
 * Adds the parent folders of each mount: bubblewrap would create them accessible to their owner only, and the inner
 * stage could not enter.
 */
function withParents(mounts: readonly Mount[]): string[] {
  const made = new Set(["/", "/dev", "/proc"]);
  const shown: string[] = [];
  return mounts.flatMap((mount) => {
    const parents: string[] = [];
    for (let path = dirname(mount.to); !made.has(path); path = dirname(path)) {
      made.add(path);
      if (!shown.some((folder) => isIn(path, folder))) parents.unshift(path);
    }
    made.add(mount.to);
    if (mount.type === "read" || mount.type === "write") shown.push(mount.to);
    return [...parents.flatMap((path) => ["--perms", "0755", "--dir", path]), ...mounting(mount)];
  });
}

function mounting(mount: Mount): string[] {
  switch (mount.type) {
    case "read":
      return ["--ro-bind", mount.from, mount.to];
    case "write":
      return ["--bind", mount.from, mount.to];
    case "device":
      return ["--dev-bind", mount.from, mount.to];
    case "link":
      return ["--symlink", mount.target, mount.to];
    case "memory":
      return ["--perms", "1777", "--size", String(mount.sizeBytes), "--tmpfs", mount.to];
    case "closed":
      return ["--perms", "0555", "--tmpfs", mount.to, "--remount-ro", mount.to];
  }
}

function nulEnded(words: readonly string[]): string {
  return words.map((word) => `${word}\0`).join("");
}
