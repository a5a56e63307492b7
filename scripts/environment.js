/** Paths and the environment of the programs we start. Plain JavaScript, because the system's Node 20 runs it. */
import { realpathSync } from "node:fs";
import { delimiter, dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * The user's PATH, without what npm and we prepended.
 * @param {string} [path]
 */
export function userPath(path = process.env["PATH"] ?? "") {
  const entries = path.split(delimiter);
  const first = entries.findIndex((entry) => !isPrefix(entry));
  return entries.slice(first === -1 ? entries.length : first).join(delimiter);
}

/** @param {string} entry */
function isPrefix(entry) {
  return (
    entry.startsWith(root + sep) ||
    entry.endsWith(join("node_modules", ".bin")) ||
    entry.endsWith(join("@npmcli", "run-script", "lib", "node-gyp-bin"))
  );
}

/**
 * The environment of the programs we start: `node` and the tools in node_modules come first on PATH, the user's own
 * PATH is kept in DECKHAND_USER_PATH for the sandbox, and npm's own variables are removed.
 * @param {string} node path of the Node to use
 * @returns {NodeJS.ProcessEnv}
 */
export function environment(node) {
  const path = userPath();
  const own = Object.entries(process.env).filter(([name]) => !isNpms(name));
  return {
    ...Object.fromEntries(own),
    PATH: [dirname(node), join(root, "node_modules", ".bin"), path].join(delimiter),
    DECKHAND_USER_PATH: path,
    // Caches the stripped and compiled sources, which halves the time to load them.
    NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"] ?? join(root, "node_modules", ".cache", "node"),
  };
}

/** The user's npm settings (npm_config_registry …) are kept. @param {string} name */
function isNpms(name) {
  if (name === "INIT_CWD" || name === "NODE" || name === "npm_config_local_prefix") return true;
  return name.startsWith("npm_") && !name.startsWith("npm_config_");
}

/** The folder in which the user ran the command; npm runs its scripts in the root. */
export function userDirectory() {
  const here = process.cwd();
  return here === root ? (process.env["INIT_CWD"] ?? here) : here;
}

/** Whether the module is the entry point. @param {string} url its import.meta.url */
export function isMain(url) {
  return process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(url);
}
