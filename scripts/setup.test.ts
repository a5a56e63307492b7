import assert from "node:assert/strict";
import { existsSync, rmSync, statSync } from "node:fs";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import { ended, Project } from "./project.test-kit.ts";

const setup = ["scripts/setup.js"];
const isRoot = process.getuid?.() === 0;
const installed = "node_modules/.package-lock.json";

test("[S1] the first setup installs and reports it; the second prints and changes nothing", async (t) => {
  const project = new Project(t);
  const first = await project.run(setup);
  assert.equal(first.code, 0);
  assert.match(first.stderr, /Installing npm packages .*…\n {2}done in /);
  assert.ok(existsSync(join(project.root, "node_modules", "lib")));
  const before = statSync(join(project.root, installed));
  const second = await project.run(setup);
  assert.deepEqual(second, { code: 0, stdout: "", stderr: "" });
  assert.equal(statSync(join(project.root, installed)).mtimeMs, before.mtimeMs);
});

test("[S1] packages are reinstalled when the lockfile has changed or an install was interrupted", async (t) => {
  const project = new Project(t);
  await project.run(setup);
  project.write("lib/package.json", JSON.stringify({ name: "lib", version: "2.0.0" }));
  project.lock();
  rmSync(join(project.root, "node_modules"), { recursive: true });
  assert.match((await project.run(setup)).stderr, /Installing npm packages/);
  project.write(
    "package.json",
    JSON.stringify({ name: "p", private: true, type: "module", workspaces: ["lib", "more"] }),
  );
  project.write("more/package.json", JSON.stringify({ name: "more", version: "1.0.0" }));
  const manifest = project.read(installed);
  project.lock();
  project.write(installed, manifest);
  assert.match((await project.run(setup)).stderr, /Installing npm packages/);
  assert.ok(existsSync(join(project.root, "node_modules", "more")));
  rmSync(join(project.root, installed));
  assert.match((await project.run(setup)).stderr, /Installing npm packages/);
  assert.equal((await project.run(setup)).stderr, "");
});

test("[S2] a failed install reports npm's error and what to do, and the next one can succeed", async (t) => {
  const project = new Project(t);
  const lock = project.read("package-lock.json");
  const manifest = project.read("lib/package.json");
  const parsed = JSON.parse(lock) as { packages: Record<string, object> };
  parsed.packages["lib"] = { ...parsed.packages["lib"], dependencies: { "left-pad": "1.0.0" } };
  parsed.packages["node_modules/left-pad"] = { version: "1.0.0", resolved: "http://127.0.0.1:1/left-pad-1.0.0.tgz" };
  project.write("package-lock.json", JSON.stringify(parsed));
  project.write("lib/package.json", JSON.stringify({ ...JSON.parse(manifest), dependencies: { "left-pad": "1.0.0" } }));
  const nobodyListens = { npm_config_registry: "http://127.0.0.1:1/", npm_config_fetch_retries: "0" };
  const failed = await project.run(setup, { env: nobodyListens });
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, /npm ci failed in .*ECONNREFUSED.*check the connection/s);
  assert.doesNotMatch(failed.stderr, /\.js:\d+|done in/);
  project.write("package-lock.json", lock);
  project.write("lib/package.json", manifest);
  assert.equal((await project.run(setup)).code, 0);
});

test("[S3] of two concurrent setups one installs and the other waits", async (t) => {
  const project = new Project(t);
  const both = await Promise.all([project.run(setup), project.run(setup)]);
  assert.deepEqual(
    both.map(({ code }) => code),
    [0, 0],
  );
  assert.equal(both.filter(({ stderr }) => stderr.includes("Installing npm packages")).length, 1);
  assert.equal(both.filter(({ stderr }) => stderr.includes("Waiting for another setup")).length, 1);
});

test("[S3] a setup that was killed leaves no lock behind", async (t) => {
  const project = new Project(t);
  project.program("npm", "touch npm-is-at-work; exec sleep 600");
  const killed = project.start(setup);
  const end = ended(killed);
  assert.ok(killed.stderr && killed.pid);
  await once(killed.stderr, "data");
  process.kill(-killed.pid, "SIGKILL");
  await end;
  const other = new Project(t);
  project.program("npm", `exec ${join(other.bin, "npm")} "$@"`);
  const next = await project.run(setup);
  assert.equal(next.code, 0);
  assert.doesNotMatch(next.stderr, /Another setup/);
});

test("[S4] without permission to install, a missing program is reported with the command, and the start continues", async (t) => {
  const project = new Project(t);
  await project.run(setup);
  project.remove("bwrap");
  project.remove("rg");
  const without = await project.run(setup);
  assert.equal(without.code, 0);
  assert.match(without.stderr, /^Missing: bubblewrap, ripgrep\. To install: install bubblewrap, ripgrep with/);
  project.program("dnf", "exit 1");
  const { stderr } = await project.run(setup);
  assert.match(stderr, isRoot ? /To install: dnf install -y/ : /To install: sudo dnf install -y bubblewrap ripgrep\n$/);
});

test("[S4] only the tests need a browser; for them, a missing program is an error", async (t) => {
  const project = new Project(t);
  project.remove("chromium");
  assert.equal((await project.run(setup)).code, 0);
  const all = await project.run([...setup, "--all"]);
  assert.equal(all.code, 1);
  assert.match(all.stderr, /Missing: chromium\./);
});

test("[S5] as root on Debian, missing programs are installed in one call", { skip: !isRoot }, async (t) => {
  const project = new Project(t);
  project.remove("bwrap");
  project.remove("chromium");
  project.program(
    "apt-get",
    `echo "$@" >> apt-calls; case "$*" in *install*) for each in bwrap chromium; do touch ${project.bin}/$each; chmod +x ${project.bin}/$each; done;; esac`,
  );
  const all = await project.run([...setup, "--all"]);
  assert.equal(all.code, 0);
  assert.match(all.stderr, /Installing bubblewrap, chromium/);
  const options = "-q -o DPkg::Lock::Timeout=120";
  assert.equal(
    project.read("apt-calls"),
    `${options} update\n${options} install -y --no-install-recommends bubblewrap chromium\n`,
  );
  assert.deepEqual(await project.run([...setup, "--all"]), { code: 0, stdout: "", stderr: "" });
});

test("[S5] an installation that fails stops the tests and not the start", { skip: !isRoot }, async (t) => {
  const project = new Project(t);
  project.remove("bwrap");
  project.program("apt-get", "echo 'E: no network' >&2; exit 100");
  const start = await project.run(setup);
  assert.equal(start.code, 0);
  assert.match(start.stderr, /apt-get update failed:\nE: no network\nMissing: bubblewrap\. To install: apt-get/);
  assert.equal((await project.run([...setup, "--all"])).code, 1);
});

test("[S5] a container engine that cannot be installed is reported and stops nothing", { skip: !isRoot }, async (t) => {
  const project = new Project(t);
  project.remove("podman");
  project.program("apt-get", "echo 'E: no network' >&2; exit 100");
  const all = await project.run([...setup, "--all"]);
  assert.equal(all.code, 0);
  assert.match(all.stderr, /E: no network\nMissing: podman\./);
  assert.doesNotMatch((await project.run(setup)).stderr, /podman/);
});
