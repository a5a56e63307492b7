/**
 * npm packages. What is installed is compared with the lockfile itself: npm notes what it installed in
 * node_modules/.package-lock.json, as the last thing it does, so that an interrupted or foreign install is seen too.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { environment } from "../environment.js";
import { SetupError, withProgress } from "./say.js";

/** @typedef {{ version?: string, integrity?: string, optional?: boolean, link?: boolean, resolved?: string }} Locked */

const dependencyFields = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];

/** Whether `folder/node_modules` holds what the lockfile says, and that says what the package.json files say. */
export function isInstalled(/** @type {string} */ folder) {
  const wanted = readJson(join(folder, "package-lock.json"))?.packages;
  const there = readJson(join(folder, "node_modules", ".package-lock.json"))?.packages;
  if (wanted === undefined) throw new SetupError(`${join(folder, "package-lock.json")} is missing or damaged.`);
  if (there === undefined) return false;
  for (const [path, locked] of Object.entries(/** @type {Record<string, Locked>} */ (wanted))) {
    const isOurs = !path.includes("node_modules");
    if (isOurs && !isInStep(locked, readJson(join(folder, path, "package.json")))) return false;
    if (path !== "" && !isSame(locked, there[path])) return false;
  }
  return Object.keys(there).every((path) => path in wanted);
}

/** @param {Locked} locked @param {Locked | undefined} there */
function isSame(locked, there) {
  // Binaries for other platforms are locked too, and not installed.
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
 * `npm ci`, under the Node that will run the result. Install scripts are not run: no package here needs one.
 * @param {string} folder
 * @param {string} what for the progress line
 * @param {string} node
 */
export function install(folder, what, node) {
  const args = ["ci", "--ignore-scripts", "--include=dev", "--include=optional", "--loglevel=error", "--no-progress"];
  const env = environment(node);
  // npm itself is on the user's PATH, or beside the Node that runs us.
  env["PATH"] = [env["PATH"], dirname(process.execPath)].join(delimiter);
  withProgress(what, () => {
    const { error, status, stdout, stderr } = spawnSync("npm", args, { cwd: folder, env, encoding: "utf8" });
    if (status !== 0) throw new SetupError(advice(folder, error?.message ?? `${stdout}${stderr}`));
  });
}

/** @param {string} folder @param {string} said */
function advice(folder, said) {
  const withoutStack = said.trim().replaceAll(/^npm error +at .*\n/gm, "");
  return (
    `npm ci failed in ${folder}:\n\n${withoutStack}\n\n` +
    "If that is about the network, check the connection and `npm config get registry`, and run the command again.\n" +
    "If package.json and package-lock.json are out of step, run `npm install` once."
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
