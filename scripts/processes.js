/** Runs programs as if the user had started them. */
import { spawn } from "node:child_process";
import { constants } from "node:os";

/** @typedef {{ cwd: string, env: NodeJS.ProcessEnv }} SpawnContext */

/**
 * Runs a program with our standard streams; resolves with its exit code, 128 + N for signal N.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {SpawnContext} context
 */
export function runInForeground(command, args, context) {
  return runTogether([[command, ...args]], context);
}

/**
 * Runs programs in parallel until one of them exits; then stops the others. Resolves with the exit code of the first.
 * Forwards signals except for Ctrl-C, which the terminal sends to them as well; a second one would mean "exit at once".
 * @param {readonly (readonly string[])[]} programs
 * @param {SpawnContext} context
 * @returns {Promise<number>}
 */
export async function runTogether(programs, { cwd, env }) {
  const children = programs.map(([command = "", ...args]) => spawn(command, args, { cwd, env, stdio: "inherit" }));
  /** @type {(signal: NodeJS.Signals) => void} */
  const forward = (signal) => {
    if (signal === "SIGINT" && process.stdin.isTTY) return;
    for (const child of children) child.kill(signal);
  };
  const signals = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);
  for (const signal of signals) process.on(signal, forward);
  const watch = whenNpmIsGone(() => forward("SIGTERM"));
  try {
    const exits = children.map(exitCode);
    const first = await Promise.race(exits);
    forward("SIGTERM");
    await Promise.all(exits);
    return first;
  } finally {
    clearInterval(watch);
    for (const signal of signals) process.off(signal, forward);
  }
}

/**
 * A killed npm forwards no signal, so the programs would run forever. Calls back once.
 * @param {() => void} callback
 */
function whenNpmIsGone(callback) {
  if (process.env["npm_lifecycle_event"] === undefined) return undefined;
  const npm = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === npm) return;
    clearInterval(watch);
    callback();
  }, 500);
  return watch;
}

/** @param {import("node:child_process").ChildProcess} child @returns {Promise<number>} */
function exitCode(child) {
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
}
