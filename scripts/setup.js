/**
 * Prepares a fresh machine: Node 24, the locked npm packages, system programs. `npm start` and `npm test` run it first.
 * If nothing is missing it takes a few milliseconds and prints nothing. It can be killed at any point and run again.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isMain, root } from "./environment.js";
import { runLocked } from "./setup/lock.js";
import { hasNode, installNode, node } from "./setup/node.js";
import { install, isInstalled } from "./setup/packages.js";
import { SetupError, say } from "./setup/say.js";
import { installCommand, installPackages, isOptional, mayInstall, missingPackages } from "./setup/system.js";

/**
 * Returns the path of the Node that runs the sources; fails with a `SetupError`. With `all`, the programs that only the
 * tests need (a browser, a container engine) are included, and one that cannot be installed is an error; otherwise it
 * is only reported.
 * @param {{ all: boolean }} options
 */
export function setup({ all }) {
  if (process.platform === "win32") throw new SetupError("On Windows, run this inside WSL (https://aka.ms/wsl).");
  if (!hasNode() || !isInstalled(root) || (mayInstall() && missingPackages(all).length > 0)) {
    const self = fileURLToPath(import.meta.url);
    const code = runLocked(join(root, ".setup.lock"), [process.execPath, self, "--locked", ...(all ? ["--all"] : [])]);
    if (code !== 0) throw new SetupError("Setup failed.");
  }
  const missing = missingPackages(all);
  if (missing.length === 0) return node;
  const advice = `Missing: ${missing.join(", ")}. To install: ${installCommand(missing)}`;
  if (all && !missing.every(isOptional)) throw new SetupError(advice);
  say(advice);
  return node;
}

/** Runs under the lock. After a wait for it there may be nothing left to do. @param {boolean} all */
function setupLocked(all) {
  if (!hasNode()) installNode();
  if (!isInstalled(root)) install(root, "Installing npm packages (about 20 s)", node);
  const missing = mayInstall() ? missingPackages(all) : [];
  if (missing.length === 0) return;
  try {
    installPackages(missing);
  } catch (error) {
    // The server works without them and reports what is unavailable, so `setup` decides.
    say(error instanceof SetupError ? error.message : String(error));
  }
}

if (isMain(import.meta.url)) {
  const all = process.argv.includes("--all");
  try {
    if (process.argv.includes("--locked")) setupLocked(all);
    else setup({ all });
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(error.message);
    process.exitCode = 1;
  }
}
