/** One setup at a time: two of them would install into the same folder. */
import { spawnSync } from "node:child_process";
import { say } from "./say.js";

/** flock's exit code if the lock is taken; unusual, so that it is not confused with an exit code of the program. */
const busy = 75;

/**
 * Runs a program under the lock and returns its exit code. The kernel releases the lock (flock) even if a setup is
 * killed. A system without flock(1), such as macOS, runs the program without a lock.
 * @param {string} file
 * @param {readonly string[]} argv
 */
export function runLocked(file, argv) {
  const first = flock(["--nonblock", "--conflict-exit-code", String(busy), file, ...argv]);
  if (first === undefined) return run(argv);
  if (first !== busy) return first;
  say("Waiting for another setup to finish …");
  return flock([file, ...argv]) ?? 1;
}

/** @param {readonly string[]} args */
function flock(args) {
  const { error, status } = spawnSync("flock", args, { stdio: "inherit" });
  return error === undefined ? (status ?? 1) : undefined;
}

/** @param {readonly string[]} argv */
function run([command = "", ...args]) {
  return spawnSync(command, args, { stdio: "inherit" }).status ?? 1;
}
