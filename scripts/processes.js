/** Starts programs, so that they behave as if the user had started them. */
import { spawn } from "node:child_process";
import { constants } from "node:os";

/** @typedef {{ cwd: string, env: NodeJS.ProcessEnv }} Place */

/**
 * Runs a program in our place, with our input and output; resolves with its exit code, as a shell counts it.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {Place} place
 */
export function runInForeground(command, args, place) {
  return runTogether([[command, ...args]], place);
}

/**
 * Runs programs side by side until one of them ends; then the others are ended too. Resolves with the exit code of the
 * first. Signals are passed on, except for Ctrl-C: the terminal sends that to them too, and twice would mean "at once".
 * @param {readonly (readonly string[])[]} programs
 * @param {Place} place
 * @returns {Promise<number>}
 */
export async function runTogether(programs, { cwd, env }) {
  const children = programs.map(([command = "", ...args]) => spawn(command, args, { cwd, env, stdio: "inherit" }));
  /** @type {(signal: NodeJS.Signals) => void} */
  const pass = (signal) => {
    if (signal === "SIGINT" && process.stdin.isTTY) return;
    for (const child of children) child.kill(signal);
  };
  const signals = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);
  for (const signal of signals) process.on(signal, pass);
  const watch = whenNpmIsGone(() => pass("SIGTERM"));
  try {
    const ends = children.map(exitCode);
    const first = await Promise.race(ends);
    pass("SIGTERM");
    await Promise.all(ends);
    return first;
  } finally {
    clearInterval(watch);
    for (const signal of signals) process.off(signal, pass);
  }
}

/**
 * An npm that was killed passes no signal on; what it started would stay for ever. Calls back once.
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
