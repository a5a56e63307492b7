/** System programs: found on PATH, installed where permitted, else reported with the command that installs them. */
import { spawnSync } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { userPath } from "../environment.js";
import { SetupError, withProgress } from "./say.js";

/** @typedef {{ package: string, programs: readonly string[], only?: NodeJS.Platform }} Need */

/** @type {readonly Need[]} */
const always = [
  { package: "bubblewrap", programs: ["bwrap"], only: "linux" },
  { package: "ripgrep", programs: ["rg"] },
  { package: "git", programs: ["git"] },
];
/** @type {Need} */
const browser = { package: "chromium", programs: ["chromium", "chromium-browser", "google-chrome"] };
/** Tests of containers need these and root; without root they are skipped. @type {readonly Need[]} */
const containers = [
  { package: "podman", programs: ["podman"], only: "linux" },
  { package: "runc", programs: ["runc"], only: "linux" },
  { package: "busybox-static", programs: ["busybox"], only: "linux" },
];

/** Package managers in order of preference. */
const installers = /** @type {const} */ ([
  ["apt-get", "apt-get install -y --no-install-recommends"],
  ["dnf", "dnf install -y"],
  ["pacman", "pacman -S --noconfirm"],
  ["zypper", "zypper install -y"],
  ["apk", "apk add"],
  ["brew", "brew install"],
]);

/**
 * The packages whose programs are not on PATH. `all` includes those that only the tests need.
 * @param {boolean} all
 */
export function missingPackages(all) {
  const needs = all ? [...always, browser, ...(mayInstall() ? containers : [])] : always;
  return needs
    .filter((need) => need.only === undefined || need.only === process.platform)
    .filter((need) => !need.programs.some(isOnPath))
    .map((need) => need.package);
}

/** Without it the tests still run, and report which of them are skipped. @param {string} name */
export function isOptional(name) {
  return containers.some((need) => need.package === name);
}

export function mayInstall() {
  return process.platform === "linux" && process.getuid?.() === 0 && isOnPath("apt-get");
}

/** @param {readonly string[]} packages */
export function installPackages(packages) {
  withProgress(`Installing ${packages.join(", ")}`, () => {
    aptGet("update");
    aptGet("install", "-y", "--no-install-recommends", ...packages);
  });
}

/**
 * The command that installs the packages.
 * @param {readonly string[]} packages
 */
export function installCommand(packages) {
  const [, command] = installers.find(([program]) => isOnPath(program)) ?? [];
  if (command === undefined) return `install ${packages.join(", ")} with your system's package manager`;
  const sudo = process.getuid?.() === 0 || command.startsWith("brew") ? "" : "sudo ";
  return `${sudo}${command} ${packages.join(" ")}`;
}

/** @param {readonly string[]} args */
function aptGet(...args) {
  // Waits for a running apt (a new machine updates itself). Packages must not ask questions.
  const { error, status, stderr } = spawnSync("apt-get", ["-q", "-o", "DPkg::Lock::Timeout=120", ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    encoding: "utf8",
    stdio: ["ignore", "ignore", "pipe"],
  });
  if (status === 0) return;
  throw new SetupError(`apt-get ${args.join(" ")} failed:\n${error?.message ?? stderr.trim()}`);
}

/** @param {string} program */
function isOnPath(program) {
  return userPath()
    .split(delimiter)
    .some((folder) => isExecutable(join(folder, program)));
}

/** @param {string} file */
function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
