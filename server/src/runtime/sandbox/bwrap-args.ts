/**
 * bubblewrap's command line. Source: bwrap(1) of 0.8.0, the first version with `--disable-userns`.
 *
 * When the server is root and the workspace belongs to somebody else, commands must run as him: what they make is his, and what only
 * root can read stays unread. bubblewrap maps a single user, so that is done in two: the outer one, as root, puts together the folders
 * (some of them may lie where their owner cannot get to, such as /root/.local/share) and gives up being root; the inner one, as the
 * owner, builds the wall from what it finds, each thing already at its place. The same two stages are taken where something in the
 * workspace is to be mounted over: bubblewrap follows links in the machine's own file system, and the workspace may be full of them.
 *
 * When the workspace is root's, commands are root outside, though without any capability. What the kernel lets root do by owning a file
 * is then stopped by mounts: /proc is read-only, or a line written to /proc/sys/kernel/core_pattern would reach the machine, and the
 * devices are copies (devices.ts).
 */
import { dirname } from "node:path";
import { descriptors } from "../shell/shell-protocol.ts";
import type { Mount } from "./mounts/mounts.ts";
import { isIn } from "./workspace-policy.ts";

export interface BwrapOptions {
  /** Where bwrap is. */
  readonly bwrap: string;
  readonly mounts: readonly Mount[];
  /** Over those, by paths that commands have had in their hands: a link that was put there must lead to nothing but what is inside. */
  readonly untrusted: readonly Mount[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Of system calls; seccomp.ts. */
  readonly filter: Uint8Array;
  /** Who commands are, outside; as whoever the server is when not given. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** What enters a network namespace of the conversation's own (network/namespace.ts); empty: none but an unconnected one. */
  readonly enterNetwork: readonly string[];
}

export interface BwrapCommand {
  readonly argv: readonly string[];
  /**
   * What is to be written to descriptors of the process, then closed: most arguments come this way, since the command line can be
   * read from inside and would tell where things lie.
   */
  readonly feeds: readonly { readonly fd: number; readonly text: string | Uint8Array }[];
}

/** `command` behind the wall. */
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
    // bubblewrap begins with a tmpfs on /tmp, so that there must be one for the second.
    ["--die-with-parent", "--dir", "/tmp"],
    // The inner one needs the devices to show them, and a whole /proc to be allowed one of its own.
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
      : [...stay, "setpriv", `--reuid=${owner.uid}`, `--regid=${owner.gid}`, "--clear-groups", "--"];
  return {
    argv: [...options.enterNetwork, bwrap, "--args", String(descriptors.outerArguments), "--", ...become, ...innerArgv],
    feeds: [{ fd: descriptors.outerArguments, text: nulEnded(outer) }, ...innerFeeds],
  };
}

/**
 * A process with all of root's rights between root's bubblewrap and the owner's: the first gives its capabilities up, and what has
 * none may not send the signal of its death to somebody else's process (found by the proof: the sandbox lived on).
 */
const stay = ["/bin/sh", "-c", '"$@"; exit $?', "sh"];

/** Inside, whoever it is has an ordinary number: as 0, tar and npm would try to give files away. */
const namespaces = [
  ["--unshare-user", "--uid", "1000", "--gid", "1000", "--disable-userns"],
  ["--unshare-ipc", "--unshare-pid", "--unshare-uts", "--unshare-cgroup-try"],
  ["--hostname", "deckhand", "--cap-drop", "ALL", "--new-session", "--die-with-parent"],
  ["--info-fd", String(descriptors.info), "--clearenv", "--seccomp", String(descriptors.filter)],
].flat();

/** With the folders above each mount: bubblewrap would make them for their owner alone, and the inner one could not get through. */
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
