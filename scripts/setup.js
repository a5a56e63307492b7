/**
 * Makes a fresh machine ready: Node 24, the locked npm packages, the system's programs. `npm start` and `npm test` both
 * begin with it. It looks first, takes a few milliseconds and says nothing when all is there; it can be killed at any
 * point and run again.
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
 * Returns the path of the Node that runs the sources; fails with a `SetupError`. With `all`, what only the tests need
 * (a browser, a container engine) is set up too, and a program that cannot be installed is an error; without, it is said and left out.
 * @param {{ all: boolean }} options
 */
export function setup({ all }) {
  if (process.platform === "win32") throw new SetupError("On Windows, run this inside WSL (https://aka.ms/wsl).");
  if (!hasNode() || !isInstalled(root) || (mayInstall() && missingPackages(all).length > 0)) {
    const self = fileURLToPath(import.meta.url);
    const code = runLocked(join(root, ".setup.lock"), [process.execPath, self, "--locked", ...(all ? ["--all"] : [])]);
    if (code !== 0) throw new SetupError("The setup did not finish.");
  }
  const missing = missingPackages(all);
  if (missing.length === 0) return node;
  const advice = `Not on this machine: ${missing.join(", ")}. To install: ${installCommand(missing)}`;
  if (all && !missing.every(isOptional)) throw new SetupError(advice);
  say(advice);
  return node;
}

/** The work itself; whoever waited for the lock finds it done. @param {boolean} all */
function setupLocked(all) {
  if (!hasNode()) installNode();
  if (!isInstalled(root)) install(root, "Installing npm packages (about 20 s)", node);
  const missing = mayInstall() ? missingPackages(all) : [];
  if (missing.length === 0) return;
  try {
    installPackages(missing);
  } catch (error) {
    // The server runs without them and says what it cannot do; `setup` decides.
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
