import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, mkdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { after, describe, it } from "node:test";
import {
  failsWith,
  makeFolders,
  processesWith,
  run,
  runtimeContract,
  uniqueSleep,
  until,
} from "../../runtime.contract.ts";
import { bubblewrapRuntimes } from "../../bubblewrap.ts";
import type { RuntimeOptions } from "../../runtime-options.ts";
import { remove } from "./docker-container.ts";
import { execIn } from "./docker-engine.ts";
import { dockerRuntimes, type DockerOptions } from "./docker.ts";
import { startRegistry } from "./registry.test-kit.ts";
import { verifyContainer } from "../escape-checks.ts";
import { makeSh, noPodman, startPodman, withoutPrograms, type Podman } from "./podman.test-kit.ts";

const skip = noPodman();
const registry = await startRegistry();
const podman: Podman | undefined = skip === false ? await startPodman(registry.address) : undefined;
const defaults = {
  env: podman?.env ?? {},
  image: podman?.bashImage ?? "",
  reach: "none",
  readOnly: false,
  limits: { processes: 200, cpus: 2, memoryBytes: 1024 ** 3, fileBytes: 1024 ** 3 },
  workspaceIn: "folder",
  idleMs: 60_000,
  keepMs: 60_000,
} as const;

const factory = (options: RuntimeOptions, more: Partial<DockerOptions> = {}) =>
  dockerRuntimes({ ...options, ...defaults, isolated: bubblewrapRuntimes(options), ...more });

/** Contract tests that need a feature or syntax of bash; shell-launcher.ts lists the limitations of other shells. */
const needsBash = [
  "[O1]",
  "[O2]",
  "[O8]",
  "[UW1]",
  "[O9]",
  "[O10] endless output",
  "[O11]",
  "[R1] a virtual",
  "[R1] keeps directory",
  "[R3] reports a syntax error",
  "[R5] interrupts a command",
  "[R7] a background process",
  "[R8] after set -e",
  "[R8] after exec",
  "[R10] output is valid",
  "[R18] dispose",
  "[V1] ",
];

/** A renamed contract test must be renamed above, too. */
const unusedExceptions = new Set(needsBash);

function withoutBash(title: string): string | undefined {
  if (title.startsWith("[R9] 200 MB")) return "covered by the image with bash, and takes seconds";
  const start = needsBash.find((each) => title.startsWith(each));
  if (start === undefined) return undefined;
  unusedExceptions.delete(start);
  return "needs bash";
}

describe("containers", { skip }, () => {
  runtimeContract("the docker runtime over Podman", factory, withoutPrograms);

  runtimeContract(
    "the docker runtime with only busybox",
    (options) => factory(options, { image: podman?.shImage ?? "", readOnly: true }),
    withoutBash,
  );

  it("every exception for other shells than bash names a contract test", () => {
    assert.deepEqual([...unusedExceptions], []);
  });
});

const folders = makeFolders();
const { options, root } = folders;
/** Shared by most tests, because every factory verifies its containers again. */
const shared = factory(options);
after(async () => {
  await podman?.[Symbol.asyncDispose]();
  await registry[Symbol.asyncDispose]();
  folders.remove();
});

let count = 0;
/** The name of its container ends with `id`. */
function conversation() {
  const id = `c${count++}`;
  return { id, workspace: join(root, id), home: join(options.dataHome, "conversations", id) };
}

/** Ids of conversations that have a container. */
async function containers(...filter: readonly string[]): Promise<string[]> {
  const list = await podman?.podman("ps", "--all", "--format", "{{.Names}}", ...filter);
  return (list ?? "").split("\n").flatMap((line) => line.split("-").slice(2)[0] ?? []);
}

async function eventually(what: string, condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!(await condition())) {
    assert.ok(performance.now() < deadline, `${what} did not come true`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe("a conversation's container", { skip }, () => {
  it("[Z1] without bash, directory and variables persist, a time-out starts a new shell, and the status says so", async () => {
    const own = conversation();
    const bare = factory(options, { image: podman?.shImage ?? "" });
    await using runtime = await bare.create(own);
    await run(runtime, "mkdir deep; cd deep; x=5; f() { echo f$x; }");
    assert.equal((await run(runtime, "f; pwd")).output, `f5\n${own.workspace}/deep\n`);
    const late = await run(runtime, "sleep 1000; echo NOT", { timeoutMs: 100 });
    assert.deepEqual([late.output, late.exitCode, late.endedBy], ["", 130, "timeout"]);
    assert.equal((await run(runtime, "echo ${x-gone}; pwd")).output, `gone\n${own.workspace}/deep\n`);
    const started = runtime.jobs.start(
      { id: "j1", command: "true", maxOutputBytes: 1000 },
      new AbortController().signal,
    );
    await assert.rejects(started, failsWith("not_available"));
    const timedOut = await run(runtime, "x=6; echo on; sleep 1000", { timeoutMs: 300, jobId: "j2" });
    assert.deepEqual([timedOut.output, timedOut.endedBy, timedOut.losesState], ["on\n", "job", true]);
    assert.equal((await run(runtime, "echo ${x-gone}; pwd")).output, `gone\n${own.workspace}/deep\n`);
    runtime.jobs.signal("j2", "KILL");
    await until("the job's end", () => runtime.jobs.list().every(({ state }) => state === "ended"));
    await eventually("verification", async () => (await bare.status("/")).proven);
    assert.match((await bare.status("/")).sentence, /no bash/);
  });

  it("[Z2] the escape checks run before the first command, and the status reports that they passed", async () => {
    await eventually("verification", async () => (await shared.status("/")).proven);
    const status = await shared.status("/");
    assert.deepEqual([status.kind, status.proven], ["docker", true]);
    assert.match(status.sentence, /containers of Podman .*All 10 escape checks passed/);
    assert.ok(status.checks.every(({ held }) => held));
  });

  it("[Z2] a container with a careless configuration fails the checks", async () => {
    const { default: Dockerode } = await import("dockerode");
    const docker = new Dockerode({ socketPath: podman?.socket ?? "" });
    const name = "careless";
    const { checks } = await verifyContainer({
      dataHome: options.dataHome,
      user: { uid: 12_345, gid: 12_345 },
      networkOff: true,
      sockets: [podman?.socket ?? ""],
      start: async ({ workspace }) => {
        const container = await docker.createContainer({
          name,
          Image: podman?.bashImage ?? "",
          Entrypoint: ["sleep", "100"],
          WorkingDir: workspace,
          HostConfig: {
            Binds: [`${options.dataHome}:${options.dataHome}`, `${podman?.socket}:${podman?.socket}`],
            NetworkMode: "host",
          },
        });
        await container.start();
        return { exec: (argv) => execIn(docker, container, argv), whyEnded: async () => "" };
      },
      remove: () => remove(docker.getContainer(name)),
    });
    assert.deepEqual(
      checks.filter(({ held }) => held).map(({ name: passed }) => passed),
      // Podman itself ensures the first.
      ["kernel settings are read-only", "programs run"],
    );
  });

  it("[Z3] commands run as the owner of the workspace, who owns the files that they create", async () => {
    const own = conversation();
    mkdirSync(own.workspace);
    chownSync(own.workspace, 12_345, 23_456);
    chmodSync(root, 0o755);
    await using runtime = await shared.create(own);
    assert.equal((await run(runtime, "id -u; id -g; touch made ~/made; grep Cap /proc/self/status")).exitCode, 0);
    for (const path of [join(own.workspace, "made"), join(own.home, "home", "made")]) {
      assert.deepEqual([statSync(path).uid, statSync(path).gid], [12_345, 23_456]);
    }
  });

  it("[Z4] the next server finds the container with its files and starts a new shell in it", async () => {
    const own = conversation();
    const first = await shared.create(own);
    await run(first, "value=yes; echo in the container | tee /file >/tmp/file");
    await first[Symbol.asyncDispose]();
    assert.ok((await containers("--filter", "status=running")).includes(own.id));
    await using second = await factory(options).create(own);
    assert.equal(
      (await run(second, "cmp /file /tmp/file && cat /file; echo ${value-a new shell}")).output,
      "in the container\na new shell\n",
    );
    assert.deepEqual(
      (await containers()).filter((id) => id === own.id),
      [own.id],
    );
  });

  it("[Z4] processes that a killed server left running are ended before the next server runs anything", async () => {
    const own = conversation();
    const sleep = uniqueSleep();
    const child = spawn(
      process.execPath,
      [
        fileURLToPath(import.meta.resolve("./docker.child.ts")),
        root,
        own.id,
        podman?.socket ?? "",
        podman?.bashImage ?? "",
        `(setsid sleep ${sleep} &)`,
      ],
      { stdio: ["pipe", "pipe", "inherit"] },
    );
    await once(child.stdout, "data");
    await until("the command runs", () => processesWith(sleep).length === 1);
    child.kill("SIGKILL");
    await once(child, "exit");
    await using runtime = await shared.create(own);
    await run(runtime, "true");
    assert.deepEqual(processesWith(sleep), []);
  });

  it("[Z4] a container whose spec has changed is replaced", async () => {
    const own = conversation();
    const first = await shared.create(own);
    await run(first, "touch /file");
    await first[Symbol.asyncDispose]();
    await using second = await factory(options, { limits: { processes: 100 } }).create(own);
    assert.equal((await run(second, "ls /file")).exitCode, 2);
  });

  it("[Z5] an idle container is paused, and resumed when it is used", async () => {
    const own = conversation();
    await using runtime = await factory(options, { idleMs: 300 }).create(own);
    await run(runtime, "x=5; sleep 0.6; echo a longer command is not interrupted");
    for (let round = 0; round < 2; round++) {
      await eventually("the pause", async () => (await containers("--filter", "status=paused")).includes(own.id));
      assert.equal((await run(runtime, "echo $x")).output, "5\n");
    }
  });

  it("[Z6] a container is removed with its conversation, or when a server starts and it is orphaned or long unused", async () => {
    const [deleted, orphaned, old, current] = [conversation(), conversation(), conversation(), conversation()];
    await Promise.all(
      [deleted, orphaned, old, current].map(async (own) => {
        await using runtime = await shared.create(own);
        await runtime.start();
      }),
    );
    await shared.remove?.(deleted);
    assert.ok(!(await containers()).includes(deleted.id));
    rmSync(orphaned.home, { recursive: true });
    utimesSync(join(old.home, "container"), 1, 1);
    await factory(options).status("/");
    await eventually(
      "the removal",
      async () => !(await containers()).some((id) => id === orphaned.id || id === old.id),
    );
    assert.ok((await containers()).includes(current.id));
  });

  it("[Z7] the configured limits for memory, processes and CPU apply", async () => {
    const own = conversation();
    const limits = { memoryBytes: 64 * 1024 * 1024, processes: 40, cpus: 0.5, fileBytes: 1_000_000 };
    await using runtime = await factory(options, { limits }).create(own);
    await run(runtime, "true");
    const name = await podman?.podman("ps", "--format", "{{.Names}}", "--filter", `name=-${own.id}$`);
    const format = "{{.HostConfig.Memory}} {{.HostConfig.PidsLimit}} {{.HostConfig.NanoCpus}}";
    const configured = await podman?.podman("inspect", "--format", format, name?.trim() ?? "");
    assert.equal(configured?.trim(), "67108864 40 500000000");
    // At most a hundred processes for at most a second each.
    const many = await run(runtime, "for i in {1..100}; do sleep 1 & done; wait");
    assert.match(many.output, /fork/);
    const large = await run(runtime, "head -c 2000000 /dev/zero >large");
    assert.deepEqual(large.limit, { kind: "file_size", max: 1_000_000 });
    const much = await run(runtime, "head -c 150m /dev/zero | tail -c 149m | wc -c");
    assert.notEqual(much.output, `${149 * 1024 * 1024}\n`);
  });

  it("[Z8] the start of a container reports its progress, and a failed start includes the log", async () => {
    const stages: string[] = [];
    {
      await using runtime = await shared.create({ ...conversation(), onProgress: (stage) => stages.push(stage) });
      await runtime.start();
    }
    assert.deepEqual(stages.slice(-2), ["starting the container", ""]);
    const image = await podman?.makeImage("broken", async (rootfs) => {
      await makeSh(rootfs);
      rmSync(join(rootfs, "bin", "sh"));
      writeFileSync(join(rootfs, "bin", "sh"), "#!/bin/ash\necho a library is missing >&2\nexit 1\n", { mode: 0o755 });
    });
    const broken = factory(options, { image: image ?? "" });
    await assert.rejects(broken.create(conversation()), (error: Error) => {
      assert.match(error.message, /a library is missing/);
      return failsWith("sandbox_unavailable")(error);
    });
    const nothing = await podman?.makeImage("nothing", () => {});
    await assert.rejects(
      factory(options, { image: nothing ?? "" }).create(conversation()),
      /executable file not found|no such file/,
    );
  });

  it("[Z8] a missing image is pulled with progress reports, and one that cannot be pulled is named", async () => {
    const saved = join(root, "saved");
    await podman?.podman("save", "--quiet", "--format", "oci-dir", "-o", saved, podman.bashImage);
    registry.serve(saved);
    const image = `${registry.address}/made/elsewhere`;
    const pulling = factory(options, { image });
    const stages: string[] = [];
    await using runtime = await pulling.create({ ...conversation(), onProgress: (stage) => stages.push(stage) });
    assert.equal((await run(runtime, "echo works")).output, "works\n");
    assert.equal(stages[0], `pulling image ${image}:latest`);
    const missing = factory(options, { image: `${registry.address}/missing@sha256:${"0".repeat(64)}` });
    await assert.rejects(missing.create(conversation()), /could not pull it.*DECKHAND_IMAGE/s);
  });

  it("[Z9] nothing runs without an engine, and the status says what to start", async () => {
    const lost = factory(options, { env: { DOCKER_HOST: `unix://${root}/nothing.sock` } });
    const { proven, sentence } = await lost.status("/");
    assert.equal(proven, false);
    assert.match(sentence, /nothing\.sock.*Start Docker, or Podman/);
    await assert.rejects(lost.create(conversation()), failsWith("sandbox_unavailable"));
  });

  it("[Z10] the engine's socket is never visible inside, whatever the workspace is", async () => {
    const own = conversation();
    const shown = factory(options, {
      env: { DOCKER_HOST: `unix://${podman?.socket}`, XDG_RUNTIME_DIR: own.workspace },
    });
    await using runtime = await shown.create(own);
    await assert.rejects(run(runtime, "true"), (error: Error) => {
      assert.match(error.message, /container engine's socket/);
      return failsWith("sandbox_unavailable")(error);
    });
  });
});
