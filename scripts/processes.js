/** Starts programs, so that they behave as if the user had started them. */
import { spawn } from "node:child_process";
import { constants } from "node:os";

/** @typedef {{ cwd: string, env: NodeJS.ProcessEnv }} Place */

/**
 * Runs a program in our place, with our input and output; resolves with its exit code, as a shell counts it.
 * Signals are passed on. Ctrl-C is not: a terminal sends it to the program too, and twice would mean "at once".
 * @param {string} command
 * @param {readonly string[]} args
 * @param {Place} place
 * @returns {Promise<number>}
 */
export function runInForeground(command, args, { cwd, env }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: "inherit" });
    /** @type {(signal: NodeJS.Signals) => void} */
    const pass = (signal) => void (signal === "SIGINT" && process.stdin.isTTY ? undefined : child.kill(signal));
    const signals = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);
    for (const signal of signals) process.on(signal, pass);
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      for (const each of signals) process.off(each, pass);
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}
