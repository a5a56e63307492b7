/** One setup at a time: two of them would install into the same folder. */
import { spawnSync } from "node:child_process";
import { say } from "./say.js";

/** flock's exit code for "somebody else has it"; ours alone, so that it is not taken for one of the program's. */
const busy = 75;

/**
 * Runs a program while no other holds the lock; returns its exit code. The kernel holds the lock (flock), so that one
 * left by a killed setup does not exist. A system without flock(1), such as macOS, runs the program without a lock.
 * @param {string} file
 * @param {readonly string[]} argv
 */
export function runLocked(file, argv) {
  const first = flock(["--nonblock", "--conflict-exit-code", String(busy), file, ...argv]);
  if (first === undefined) return run(argv);
  if (first !== busy) return first;
  say("Another setup is at work here; waiting for it …");
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
