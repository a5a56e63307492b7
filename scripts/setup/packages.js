/**
 * npm packages. npm's last step is to record what it installed in node_modules/.package-lock.json; comparing that with
 * the lockfile also detects an interrupted or foreign install.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { environment } from "../environment.js";
import { SetupError, withProgress } from "./say.js";

/** @typedef {{ version?: string, integrity?: string, optional?: boolean, link?: boolean, resolved?: string }} Locked */

const dependencyFields = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];

/** Whether `folder/node_modules` matches the lockfile, and the lockfile matches the package.json files. */
export function isInstalled(/** @type {string} */ folder) {
  const wanted = readJson(join(folder, "package-lock.json"))?.packages;
  const installed = readJson(join(folder, "node_modules", ".package-lock.json"))?.packages;
  if (wanted === undefined) throw new SetupError(`${join(folder, "package-lock.json")} is missing or damaged.`);
  if (installed === undefined) return false;
  for (const [path, locked] of Object.entries(/** @type {Record<string, Locked>} */ (wanted))) {
    const isOurs = !path.includes("node_modules");
    if (isOurs && !isInStep(locked, readJson(join(folder, path, "package.json")))) return false;
    if (path !== "" && !isSame(locked, installed[path])) return false;
  }
  return Object.keys(installed).every((path) => path in wanted);
}

/** @param {Locked} locked @param {Locked | undefined} there */
function isSame(locked, there) {
  // Binaries for other platforms are in the lockfile but not installed.
  if (there === undefined) return locked.optional === true;
  return locked.version === there.version && locked.integrity === there.integrity;
}

/** @param {any} locked @param {any} manifest */
function isInStep(locked, manifest) {
  return dependencyFields.every((field) => sorted(locked[field]) === sorted(manifest?.[field]));
}

/** @param {Record<string, string> | undefined} record */
function sorted(record = {}) {
  return JSON.stringify(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * Runs `npm ci` with the Node that will run the packages. Install scripts are skipped: no package here needs them.
 * @param {string} folder
 * @param {string} what for the progress line
 * @param {string} node
 */
export function install(folder, what, node) {
  const args = ["ci", "--ignore-scripts", "--include=dev", "--include=optional", "--loglevel=error", "--no-progress"];
  const env = environment(node);
  // npm itself is on the user's PATH, or next to the current Node.
  env["PATH"] = [env["PATH"], dirname(process.execPath)].join(delimiter);
  withProgress(what, () => {
    const { error, status, stdout, stderr } = spawnSync("npm", args, { cwd: folder, env, encoding: "utf8" });
    if (status !== 0) throw new SetupError(advice(folder, error?.message ?? `${stdout}${stderr}`));
  });
}

/** @param {string} folder @param {string} output */
function advice(folder, output) {
  const withoutStack = output.trim().replaceAll(/^npm error +at .*\n/gm, "");
  return (
    `npm ci failed in ${folder}:\n\n${withoutStack}\n\n` +
    "For network errors, check the connection and `npm config get registry`, then run the command again.\n" +
    "If package.json and package-lock.json are out of sync, run `npm install` once."
  );
}

/** @returns {any} undefined when it is missing or not JSON */
export function readJson(/** @type {string} */ file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}
