/** Node 24: the current one if it is new enough, else a pinned one from the npm registry. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { root } from "../environment.js";
import { install, isInstalled } from "./packages.js";
import { SetupError } from "./say.js";

const minMajor = 24;
const folder = join(root, "scripts", "node24");
const pinned = join(folder, "node_modules", `node-${process.platform}-${process.arch}`, "bin", "node");
const isNewEnough = Number.parseInt(process.versions.node) >= minMajor;

/** The Node that runs the sources. */
export const node = isNewEnough ? process.execPath : pinned;

export function hasNode() {
  return isNewEnough || (existsSync(pinned) && isInstalled(folder));
}

export function installNode() {
  const advice = `Install Node ${minMajor} (https://nodejs.org) and run the command again; this is Node ${process.versions.node}.`;
  if (process.platform !== "linux" || !["x64", "arm64"].includes(process.arch)) throw new SetupError(advice);
  install(folder, `Installing Node ${minMajor} for this folder (about 10 s)`, process.execPath);
  const { status } = spawnSync(pinned, ["--version"]);
  if (status !== 0) throw new SetupError(`The Node from the npm registry does not run on this system. ${advice}`);
}
