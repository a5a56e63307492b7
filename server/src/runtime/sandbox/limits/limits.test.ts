import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { after, before, describe, it } from "node:test";
import { bubblewrapRuntimes } from "../../bubblewrap.ts";
import { makeFolders, run, until, uniqueSleep } from "../../runtime.contract.ts";
import { statOf } from "../../processes.ts";
import type { Runtime } from "../../runtime.ts";
import { createCgroup } from "./cgroup.ts";
import { findCgroupPaths, cgroupName } from "./cgroup-paths.ts";
import { resolveLimits, ulimitArgs } from "./limits.ts";

const mib = 1024 * 1024;
const limits = { memoryBytes: 64 * mib, processes: 40, fileBytes: 2 * mib, cpus: 0.5 };
const paths = await findCgroupPaths();
const cpuFolder = paths?.version === 1 ? paths.folders.cpu : undefined;
const ownGroups = () =>
  Object.values(paths?.folders ?? {}).flatMap((folder) =>
    readdirSync(folder).filter((name) => name.startsWith(`deckhand.${process.pid}.`)),
  );

/** Allocates at most 200 MB in one process. */
const takeMemory = `perl -e '$x = "x" x (200 * 1024 * 1024); print "all of it"'`;
/** Sixty processes that end within a second. */
const startMany = "for i in {1..60}; do sleep 1 & done; wait";

describe(
  "limits enforced by a control group",
  { skip: paths === undefined && "no control group can be created here" },
  () => {
    const folders = makeFolders();
    let runtime: Runtime;
    before(async () => {
      const workspace = join(folders.root, "workspace");
      mkdirSync(workspace);
      const home = join(folders.options.dataHome, "c");
      runtime = await bubblewrapRuntimes({ ...folders.options, limits }).create({ workspace, home });
    });
    after(async () => {
      await runtime[Symbol.asyncDispose]();
      folders.remove();
    });

    it("[Y3] kills a command that uses too much memory, reports the limit, and keeps the shell", async () => {
      await run(runtime, "kept=here");
      const { output, exitCode, limit, endedBy } = await run(runtime, takeMemory);
      assert.deepEqual([exitCode, limit, endedBy], [137, { kind: "memory", max: limits.memoryBytes }, undefined]);
      assert.doesNotMatch(output, /all of it/);
      const next = await run(runtime, "echo $kept");
      assert.deepEqual([next.output, next.limit], ["here\n", undefined]);
    });

    it("[Y3] counts the memory of all processes and files in /tmp together, and limits /tmp to less", async () => {
      const half = `perl -e '$x = "x" x (25 * 1024 * 1024); sleep 2'`;
      const { limit } = await run(runtime, `${half} & ${half} & ${half} & wait`);
      assert.equal(limit?.kind, "memory");
      const full = await run(runtime, "head -c 48M /dev/zero | split -b 1M - /tmp/part; rm /tmp/part*");
      assert.match(full.output, /No space left/);
      assert.equal(full.limit, undefined);
    });

    it("[Y3] starts no more processes than allowed, reports the limit, and keeps the shell", async () => {
      const { output, limit } = await run(runtime, startMany);
      assert.match(output, /Resource temporarily unavailable/);
      assert.deepEqual(limit, { kind: "processes", max: 40 });
      assert.equal((await run(runtime, "echo $kept")).output, "here\n");
    });

    it("[Y3] limits the CPU time of all processes together", async () => {
      const { output } = await run(
        runtime,
        `perl -MTime::HiRes=time -e '$t = time + 1; for (1, 2) { fork or do { 1 while time < $t; exit } } wait; wait; print +(times)[2]'`,
      );
      assert.ok(Number(output) > 0 && Number(output) < 0.9, `${output} s of 1 s on two processors`);
    });

    it("[Y4] removes the group with its sandbox; a new sandbox gets a new one", async () => {
      assert.ok(ownGroups().length >= 1);
      await run(runtime, "kill -9 $$; kill -9 2");
      assert.equal((await run(runtime, "echo $((1 + 1))")).output, "2\n");
      const sleep = uniqueSleep();
      await run(runtime, `setsid sleep ${sleep} &`);
      await runtime[Symbol.asyncDispose]();
      await until("no group is left", () => ownGroups().length === 0);
    });

    it("[Y4] removes the groups of a killed server, and none of a living one", async () => {
      const parent = Object.values(paths?.folders ?? {})[0] ?? "";
      const stale = join(parent, cgroupName(4_194_303, 1, "a"));
      // The same pid with another start time is another process.
      const reused = join(parent, cgroupName(process.pid, 1, "b"));
      const living = join(parent, cgroupName(process.pid, statOf(process.pid)?.startTick ?? 0, "c"));
      for (const folder of [stale, reused, living]) mkdirSync(folder);
      await findCgroupPaths();
      assert.deepEqual(
        [stale, reused, living].map((folder) => existsSync(folder)),
        [false, false, true],
      );
      rmdirSync(living);
    });
  },
);

it("[Y3] no file grows beyond the limit, and the limit is reported", async () => {
  const folders = makeFolders();
  const workspace = join(folders.root, "workspace");
  mkdirSync(workspace);
  const home = join(folders.options.dataHome, "c");
  {
    await using runtime = await bubblewrapRuntimes({ ...folders.options, limits }).create({ workspace, home });
    const { exitCode, limit } = await run(
      runtime,
      "head -c 3M /dev/zero >large; exit_code=$?; ls -s large; (exit $exit_code)",
    );
    assert.deepEqual([exitCode, limit], [153, { kind: "file_size", max: 2 * mib }]);
    assert.equal((await run(runtime, "stat -c %s large")).output, `${2 * mib}\n`);
  }
  folders.remove();
});

it(
  "[Y3] a server that is limited to half a CPU itself can create groups, whatever CPU limit is configured",
  { skip: cpuFolder === undefined && "cgroup v1 with a CPU controller is not available here" },
  async () => {
    const parent = join(cpuFolder ?? "", `deckhand-test-${process.pid}`);
    mkdirSync(parent);
    try {
      writeFileSync(join(parent, "cpu.cfs_quota_us"), "50000");
      for (const [cpus, quotaUs] of [
        [undefined, "-1"],
        [4, "-1"],
        [0.25, "25000"],
      ] as const) {
        const { cpus: _, ...others } = limits;
        const group = await createCgroup(
          { version: 1, folders: { cpu: parent } },
          { ...others, ...(cpus === undefined ? {} : { cpus }) },
        );
        const created = readdirSync(parent)
          .filter((name) => name.startsWith("deckhand."))
          .map((name) => join(parent, name));
        assert.deepEqual(
          created.map((folder) => readFileSync(join(folder, "cpu.cfs_quota_us"), "utf8").trim()),
          [quotaUs],
        );
        await group.close();
        assert.ok(!existsSync(created[0] ?? ""));
      }
    } finally {
      rmdirSync(parent);
    }
  },
);

it("[Y5] without a control group, rlimits enforce memory per process and the number of processes", async () => {
  const folders = makeFolders();
  const isRoot = process.getuid?.() === 0;
  if (isRoot) for (const path of [folders.root, folders.options.userHome]) chownSync(path, 65_534, 65_534);
  const child = fileURLToPath(import.meta.resolve("../../bubblewrap.child.ts"));
  const script = ['perl -e \'print "x" x 10, "\\n"\'', takeMemory, "echo $?", startMany, "echo on"];
  const server = spawn(process.execPath, [child, "bubblewrap", folders.root, ...script], {
    env: { PATH: process.env["PATH"], LIMITS: JSON.stringify(limits) },
    stdio: ["pipe", "pipe", "inherit"],
    ...(isRoot ? { uid: 65_534, gid: 65_534 } : {}),
  });
  let printed = "";
  const ended = new Promise((resolve) => server.on("close", resolve));
  server.stdout.setEncoding("utf8").on("data", (text: string) => {
    printed += text;
    if (printed.endsWith("ready\n")) server.stdin.end();
  });
  await ended;
  assert.match(
    printed,
    /^xxxxxxxxxx\nOut of memory[^]*\n[1-9]\d*\n[^]*Resource temporarily unavailable[^]*on\nready\n$/,
  );
  folders.remove();
});

it("[Y5] the defaults leave resources for the machine, and rlimits are set only if no control group applies", () => {
  const defaults = resolveLimits();
  assert.ok(defaults.memoryBytes > 0 && defaults.processes >= 1000);
  assert.equal(defaults.cpus, undefined);
  assert.equal(ulimitArgs(limits, { memory: "cgroup", processes: "cgroup" }), "-f=2048");
  assert.equal(ulimitArgs(limits, { memory: "rlimit", processes: "rlimit" }), "-f=2048 -d=65536 -u=40");
});
