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
const usual = {
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
  dockerRuntimes({ ...options, ...usual, isolated: bubblewrapRuntimes(options), ...more });

/** What a shell that is not bash cannot do, or what a test says in bash: keeper.ts has it in words. */
const needsBash = [
  "[O1]",
  "[O2]",
  "[O8]",
  "[UW1]",
  "[O9]",
  "[O10] output without end",
  "[O11]",
  "[R1] a virtual",
  "[R1] directory, variables",
  "[R3] what is wrong",
  "[R5] at its time-out",
  "[R6] stop ends a program that",
  "[R6] stop ends a builtin",
  "[R7] a job in the background",
  "[R8] after set -e",
  "[R8] after exec",
  "[R10] output is valid",
  "[R18] after dispose",
  "[V1] ",
];

function withoutBash(title: string): string | undefined {
  if (title.startsWith("[R9] 200 MB")) return "is shown with bash, and takes seconds";
  return needsBash.some((start) => title.startsWith(start)) ? "needs bash" : undefined;
}

describe("containers", { skip }, () => {
  runtimeContract("the docker runtime over Podman", factory, withoutPrograms);

  runtimeContract(
    "the docker runtime with nothing but busybox",
    (options) => factory(options, { image: podman?.shImage ?? "", readOnly: true }),
    withoutBash,
  );
});

const folders = makeFolders();
const { options, root } = folders;
/** One server for most tests: each proves its wall anew. */
const made = factory(options);
after(async () => {
  await podman?.[Symbol.asyncDispose]();
  await registry[Symbol.asyncDispose]();
  folders.remove();
});

let count = 0;
/** A conversation whose container has `id` in its name. */
function conversation() {
  const id = `c${count++}`;
  return { id, workspace: join(root, id), home: join(options.dataHome, "conversations", id) };
}

/** Ids of the conversations that have a container. */
async function containers(...filter: readonly string[]): Promise<string[]> {
  const list = await podman?.podman("ps", "--all", "--format", "{{.Names}}", ...filter);
  return (list ?? "").split("\n").flatMap((line) => line.split("-").slice(2)[0] ?? []);
}

async function become(what: string, condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!(await condition())) {
    assert.ok(performance.now() < deadline, `${what} did not come true`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe("a conversation's container", { skip }, () => {
  it("[Z1] without bash the directory and variables last, and a time-out starts a new shell, which the status says", async () => {
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
    const left = await run(runtime, "x=6; echo on; sleep 1000", { timeoutMs: 300, jobId: "j2" });
    assert.deepEqual([left.output, left.endedBy, left.losesState], ["on\n", "job", true]);
    assert.equal((await run(runtime, "echo ${x-gone}; pwd")).output, `gone\n${own.workspace}/deep\n`);
    runtime.jobs.signal("j2", "KILL");
    await until("the job's end", () => runtime.jobs.list().every(({ state }) => state === "ended"));
    await become("the proof", async () => (await bare.status("/")).proven);
    assert.match((await bare.status("/")).sentence, /no bash/);
  });

  it("[Z2] attempts are made before the first command, and the status says that they were held back", async () => {
    await become("the proof", async () => (await made.status("/")).proven);
    const status = await made.status("/");
    assert.deepEqual([status.kind, status.proven], ["docker", true]);
    assert.match(status.sentence, /containers of Podman .*All 10 escape checks passed/);
    assert.ok(status.checks.every(({ held }) => held));
  });

  it("[Z2] a container that is made carelessly does not hold, attempt by attempt", async () => {
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
      checks.filter(({ held }) => held).map(({ name: held }) => held),
      // Podman itself keeps these; and its programs run.
      ["kernel settings are read-only", "programs run"],
    );
  });

  it("[Z3] commands run as the owner of the workspace, and what they make is his", async () => {
    const own = conversation();
    mkdirSync(own.workspace);
    chownSync(own.workspace, 12_345, 23_456);
    chmodSync(root, 0o755);
    await using runtime = await made.create(own);
    assert.equal((await run(runtime, "id -u; id -g; touch made ~/made; grep Cap /proc/self/status")).exitCode, 0);
    for (const path of [join(own.workspace, "made"), join(own.home, "home", "made")]) {
      assert.deepEqual([statSync(path).uid, statSync(path).gid], [12_345, 23_456]);
    }
  });

  it("[Z4] the next server finds the container with its files, and a new shell in it", async () => {
    const own = conversation();
    const first = await made.create(own);
    await run(first, "kept=yes; echo in the container | tee /kept >/tmp/kept");
    await first[Symbol.asyncDispose]();
    assert.ok((await containers("--filter", "status=running")).includes(own.id));
    await using second = await factory(options).create(own);
    assert.equal(
      (await run(second, "cmp /kept /tmp/kept && cat /kept; echo ${kept-a new shell}")).output,
      "in the container\na new shell\n",
    );
    assert.deepEqual(
      (await containers()).filter((id) => id === own.id),
      [own.id],
    );
  });

  it("[Z4] what a killed server left running is ended before the next one runs anything", async () => {
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
    await until("it runs", () => processesWith(sleep).length === 1);
    child.kill("SIGKILL");
    await once(child, "exit");
    await using runtime = await made.create(own);
    await run(runtime, "true");
    assert.deepEqual(processesWith(sleep), []);
  });

  it("[Z4] a container that would be made otherwise now is made anew", async () => {
    const own = conversation();
    const first = await made.create(own);
    await run(first, "touch /kept");
    await first[Symbol.asyncDispose]();
    await using second = await factory(options, { limits: { processes: 100 } }).create(own);
    assert.equal((await run(second, "ls /kept")).exitCode, 2);
  });

  it("[Z5] a container that nobody asks anything of is paused, and wakes up when it is asked", async () => {
    const own = conversation();
    await using runtime = await factory(options, { idleMs: 300 }).create(own);
    await run(runtime, "x=5; sleep 0.6; echo a command that takes longer goes on");
    for (let round = 0; round < 2; round++) {
      await become("the pause", async () => (await containers("--filter", "status=paused")).includes(own.id));
      assert.equal((await run(runtime, "echo $x")).output, "5\n");
    }
  });

  it("[Z6] a container goes with its conversation, and with the first start after it was long unused or its conversation is gone", async () => {
    const [deleted, gone, old, kept] = [conversation(), conversation(), conversation(), conversation()];
    await Promise.all(
      [deleted, gone, old, kept].map(async (own) => {
        await using runtime = await made.create(own);
        await runtime.start();
      }),
    );
    await made.remove?.(deleted);
    assert.ok(!(await containers()).includes(deleted.id));
    rmSync(gone.home, { recursive: true });
    utimesSync(join(old.home, "container"), 1, 1);
    await factory(options).status("/");
    await become("the removal", async () => !(await containers()).some((id) => id === gone.id || id === old.id));
    assert.ok((await containers()).includes(kept.id));
  });

  it("[Z7] memory, processes and CPU are what was configured", async () => {
    const own = conversation();
    const limits = { memoryBytes: 64 * 1024 * 1024, processes: 40, cpus: 0.5, fileBytes: 1_000_000 };
    await using runtime = await factory(options, { limits }).create(own);
    await run(runtime, "true");
    const name = await podman?.podman("ps", "--format", "{{.Names}}", "--filter", `name=-${own.id}$`);
    const format = "{{.HostConfig.Memory}} {{.HostConfig.PidsLimit}} {{.HostConfig.NanoCpus}}";
    const seen = await podman?.podman("inspect", "--format", format, name?.trim() ?? "");
    assert.equal(seen?.trim(), "67108864 40 500000000");
    // A hundred at most, each for a second at most.
    const many = await run(runtime, "for i in {1..100}; do sleep 1 & done; wait");
    assert.match(many.output, /fork/);
    const large = await run(runtime, "head -c 2000000 /dev/zero >large");
    assert.deepEqual(large.limit, { kind: "file_size", max: 1_000_000 });
    const much = await run(runtime, "head -c 150m /dev/zero | tail -c 149m | wc -c");
    assert.notEqual(much.output, `${149 * 1024 * 1024}\n`);
  });

  it("[Z8] who waits is told what a start is at, and a container that does not start says what its log says", async () => {
    const heard: string[] = [];
    {
      await using runtime = await made.create({ ...conversation(), onProgress: (stage) => heard.push(stage) });
      await runtime.start();
    }
    assert.deepEqual(heard.slice(-2), ["starting the container", ""]);
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

  it("[Z8] an image that is not there is pulled, which is told while it comes, and one that cannot be had is named", async () => {
    const saved = join(root, "saved");
    await podman?.podman("save", "--quiet", "--format", "oci-dir", "-o", saved, podman.bashImage);
    registry.serve(saved);
    const image = `${registry.address}/made/elsewhere`;
    const pulling = factory(options, { image });
    const heard: string[] = [];
    await using runtime = await pulling.create({ ...conversation(), onProgress: (stage) => heard.push(stage) });
    assert.equal((await run(runtime, "echo works")).output, "works\n");
    assert.equal(heard[0], `pulling image ${image}:latest`);
    const missing = factory(options, { image: `${registry.address}/missing@sha256:${"0".repeat(64)}` });
    await assert.rejects(missing.create(conversation()), /could not pull it.*DECKHAND_IMAGE/s);
  });

  it("[Z9] where no engine answers nothing runs, and it is said what to start", async () => {
    const lost = factory(options, { env: { DOCKER_HOST: `unix://${root}/nothing.sock` } });
    const { proven, sentence } = await lost.status("/");
    assert.equal(proven, false);
    assert.match(sentence, /nothing\.sock.*Start Docker, or Podman/);
    await assert.rejects(lost.create(conversation()), failsWith("sandbox_unavailable"));
  });

  it("[Z10] the engine's socket is never shown inside, whatever the workspace", async () => {
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
