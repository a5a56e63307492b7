/** Where things are, and the environment in which they run. Plain JavaScript: the system's Node 20 reads it. */
import { realpathSync } from "node:fs";
import { delimiter, dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * The PATH as the user has it: without what npm and we put in front of it.
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
 * The environment of what we start: `node` and the tools of node_modules come first on PATH, the user's own PATH is
 * kept in DECKHAND_USER_PATH for the sandbox, and what npm told its script about itself is gone.
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
    // The sources are stripped of types and compiled once, not at every start: about half the time of loading them.
    NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"] ?? join(root, "node_modules", ".cache", "node"),
  };
}

/** Settings that the user made for npm (npm_config_registry …) stay. @param {string} name */
function isNpms(name) {
  if (name === "INIT_CWD" || name === "NODE" || name === "npm_config_local_prefix") return true;
  return name.startsWith("npm_") && !name.startsWith("npm_config_");
}

/** The folder in which the user typed the command: npm moves its scripts to the root. */
export function userDirectory() {
  const here = process.cwd();
  return here === root ? (process.env["INIT_CWD"] ?? here) : here;
}

/** Whether the module is the program that was started. @param {string} url its import.meta.url */
export function isMain(url) {
  return process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(url);
}
