/** Builds the web UI if its sources have changed since the last build. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { environment, root } from "./environment.js";
import { filesUnder, hashFiles } from "./files.js";
import { SetupError, withProgress } from "./setup/say.js";

const dist = join(root, "web", "dist");
const stamp = join(dist, ".sources");

/** @param {string} node */
export function buildWeb(node) {
  const sources = ["web", "client", "protocol"].flatMap(filesUnder).filter((path) => !path.endsWith(".test.ts"));
  const hash = hashFiles([...sources, "package-lock.json"]);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === hash) return;
  withProgress("Building the web UI (about 3 s)", () => build(node, hash));
}

/**
 * Builds into a temporary folder, so that a running server serves the old build until the new one replaces it.
 * @param {string} node
 * @param {string} hash
 */
function build(node, hash) {
  const fresh = join(root, "node_modules", `.web-${process.pid}`);
  const { status, stdout, stderr } = spawnSync(
    node,
    [join(root, "node_modules", "vite", "bin", "vite.js"), "build", "--outDir", fresh, "--emptyOutDir"],
    { cwd: join(root, "web"), env: environment(node), encoding: "utf8" },
  );
  if (status !== 0) {
    rmSync(fresh, { recursive: true, force: true });
    throw new SetupError(`The web UI could not be built:\n${stdout}${stderr}`);
  }
  writeFileSync(join(fresh, ".sources"), hash);
  rmSync(dist, { recursive: true, force: true });
  renameSync(fresh, dist);
}
