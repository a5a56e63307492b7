/**
 * Unix sockets of programs outside that lie in folders which are shown: to connect needs no right to write, so that one docker.sock in
 * a shown folder would be root. They are covered when a sandbox starts. Sockets of the sandbox's own are not among them, since it
 * has a network namespace of its own; neither are those that are made outside while it runs.
 *
 * Source: /proc/net/unix (proc_net(5)): one line each, the path last, as it was bound: absolute, relative to who knows what, or `@` and
 * a name in no file system, which the network namespace keeps away.
 */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Mount } from "./mounts.ts";
import { isIn } from "../workspace-policy.ts";

/** `shown` are folders that have the same path inside. */
export async function hiddenSockets(shown: readonly string[]): Promise<Mount[]> {
  const table = await readFile("/proc/net/unix", "utf8").catch(() => "");
  const bound = table.split("\n").flatMap((line) => line.split(/\s+/, 8)[7] ?? []);
  const paths = new Set(
    bound.flatMap((path) => {
      if (path.startsWith("@")) return [];
      return path.startsWith("/") ? [path] : shown.map((folder) => join(folder, path));
    }),
  );
  return [...paths]
    .filter((path) => shown.some((folder) => isIn(path, folder)) && existsSync(path))
    .map((to) => ({ type: "read", from: "/dev/null", to }));
}
