/**
 * Hides Unix sockets of outside programs in visible folders. Connecting needs no write permission, so a docker.sock in
 * a visible folder would give root. They are covered when a sandbox starts. The sandbox's own sockets are not listed,
 * because it has its own network namespace; neither are sockets that are created outside while it runs.
 *
 * Source: /proc/net/unix (proc_net(5)): one line per socket. Its last field is the path as it was bound: absolute,
 * relative to an unknown folder, or `@` and an abstract name, which the network namespace already keeps out of reach.
 */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Mount } from "./mounts.ts";
import { isIn } from "../workspace-policy.ts";

/** `visible` are folders that have the same path inside. */
export async function hiddenSockets(visible: readonly string[]): Promise<Mount[]> {
  const table = await readFile("/proc/net/unix", "utf8").catch(() => "");
  const bound = table.split("\n").flatMap((line) => line.split(/\s+/, 8)[7] ?? []);
  const paths = new Set(
    bound.flatMap((path) => {
      if (path.startsWith("@")) return [];
      return path.startsWith("/") ? [path] : visible.map((folder) => join(folder, path));
    }),
  );
  return [...paths]
    .filter((path) => visible.some((folder) => isIn(path, folder)) && existsSync(path))
    .map((to) => ({ type: "read", from: "/dev/null", to }));
}
