/**
 * The sandbox as a container of Docker or Podman, one for each conversation. It outlives the server: the next one finds it by its name
 * and attaches to it. Nothing runs in one before an engine, an image and a wall that holds have been found (proof.ts).
 */
import { createHash, randomUUID } from "node:crypto";
import { chownSync, existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { DeckhandError } from "@deckhand/protocol";
import { ShellRuntime } from "../../shell/shell-runtime.ts";
import { outputFiles } from "../../shell/output/output-file.ts";
import type { RuntimeFactory, RuntimeStatus } from "../../runtime.ts";
import { sandboxHome, sandboxOutputs } from "../../sandbox/mounts/mounts.ts";
import { fileSizeHit, resolveLimits } from "../../sandbox/limits/limits.ts";
import type { RuntimeOptions } from "../../runtime-options.ts";
import { checkWorkspace } from "../../sandbox/workspace-policy.ts";
import { openContainerHost } from "../container-host.ts";
import type { ContainerMount, ContainerSpec } from "./container-spec.ts";
import { remove, runContainer } from "./docker-container.ts";
import { engineSockets, engineError, findEngine, type Engine } from "./docker-engine.ts";
import { readyImage, type Image } from "./image.ts";
import { idlePause } from "../idle-pause.ts";
import { shLauncher, type ShellLauncher } from "../shell-launcher.ts";
import { statusChecks, verifyContainer, type ContainerVerification, type ContainerFolders } from "../escape-checks.ts";
import { runInOwnContainer } from "../run-isolated.ts";
import { memoizeSuccess, memoizeSuccessByKey } from "../memoize-success.ts";
import { startupProgress } from "../startup-progress.ts";

export interface DockerOptions extends RuntimeOptions {
  /** Where the engine is: DOCKER_HOST, XDG_RUNTIME_DIR. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly image: string;
  /** What containers reach: nothing, or what the engine gives them by default. */
  readonly reach: "none" | "default";
  /** For programs of the server's own that reach something: behind its proxy. */
  readonly apart: Pick<RuntimeFactory, "runIsolated">;
  readonly readOnly: boolean;
  /** Where the workspace is: the folder itself, or a volume for each conversation that is seen at its path. */
  readonly workspaceIn: "folder" | "volume";
  /** A container is paused when nothing has been asked of it for this long. */
  readonly idleMs: number;
  /** At the start of a server a container that was not used for this long is removed. */
  readonly keepMs: number;
}

interface Ready {
  readonly engine: Engine;
  readonly image: Image;
}

type User = ContainerSpec["user"];

const nobody: User = { uid: 65_534, gid: 65_534 };
/** In the conversation's folder; when it was written says when the container was last used. */
const stamp = "container";
/** On what is made for an attempt at the wall. */
const bootLabel = "deckhand.boot";
/** An image may take minutes to come; who asks is told where it is. */
const statusMs = 2000;

export function dockerRuntimes(options: DockerOptions): RuntimeFactory {
  const server = createHash("sha256").update(options.dataHome).digest("hex").slice(0, 12);
  /** Of this run of the server. */
  const boot = randomUUID().slice(0, 8);
  const isRoot = process.getuid?.() === 0;
  const own: User = isRoot ? nobody : { uid: process.getuid?.() ?? nobody.uid, gid: process.getgid?.() ?? nobody.gid };
  const limits = resolveLimits(options.limits);
  const sockets = engineSockets(options.env, options.userHome);
  const stage = startupProgress();
  const nameOf = (home: string) => `deckhand-${server}-${basename(home)}`;

  const specOf = (
    { engine, image }: Ready,
    parts: Pick<ContainerSpec, "name" | "user" | "mounts" | "cwd" | "labels"> & Partial<ContainerSpec>,
  ): ContainerSpec => ({
    env: {},
    network: options.reach,
    ...parts,
    labels: { "deckhand.server": server, ...parts.labels },
    image: image.name,
    path: image.path,
    keepId: engine.isPodman && engine.rootless,
    readOnly: options.readOnly,
    limits,
    sockets,
  });

  const prepare = memoizeSuccess(async (): Promise<Ready> => {
    const engine = await findEngine(options.env, options.userHome);
    // What nobody needs any more is no reason to wait, or to fail.
    removeOld(engine, { server, boot, keepMs: options.keepMs }).catch(() => {});
    const image = await readyImage(engine, options.image, stage.report).finally(() => stage.report(""));
    return { engine, image };
  });

  const prove = memoizeSuccessByKey(async (user: User): Promise<ContainerVerification> => {
    const ready = await prepare();
    stage.report("trying out the container");
    const name = `deckhand-${server}-${boot}-${user.uid}`;
    return verifyContainer({
      dataHome: options.dataHome,
      user,
      networkOff: options.reach === "none",
      sockets,
      start: async (folders) => {
        const mounts = mountsOf(folders, { folder: folders.workspace });
        const spec = specOf(ready, { name, user, mounts, cwd: folders.workspace, labels: { [bootLabel]: boot } });
        return runContainer(ready.engine, spec);
      },
      remove: () => remove(ready.engine.docker.getContainer(name)),
    }).finally(() => stage.report(""));
  });

  const status = async (): Promise<RuntimeStatus> => {
    try {
      const proof = await prove(own);
      const { engine, image } = await prepare();
      return { kind: "docker", ...statusChecks(proof.checks), ...judged(proof, engine.name, image.name) };
    } catch (error) {
      const sentence =
        error instanceof DeckhandError ? error.message : `No command is run: ${(error as Error).message}`;
      return { kind: "docker", proven: false, sentence, ...statusChecks([]) };
    }
  };

  /** As whom commands run where that folder is theirs. Fails with `sandbox_unavailable` unless a container has held for him. */
  const proven = async (
    folder: User,
  ): Promise<{ readonly ready: Ready; readonly user: User; readonly shell: ShellLauncher }> => {
    const ready = await prepare();
    const user = isRoot ? { uid: folder.uid, gid: folder.gid } : own;
    const proof = await prove(user.uid === 0 ? user : own);
    const held = judged(proof, ready.engine.name, ready.image.name);
    if (!held.proven) throw new DeckhandError("sandbox_unavailable", held.sentence);
    return { ready, user, shell: proof.shell };
  };

  return {
    ...(options.workspaceIn === "volume"
      ? { noSubagentsReason: "Here each conversation has a volume of its own, so no other agent can work in this one." }
      : {}),
    status: () => Promise.race([status(), stage.statusAfter(statusMs, "docker")]),

    async create({ workspace, home, onProgress }) {
      using _ = stage.subscribe(onProgress);
      const checked = await checkWorkspace(workspace, options);
      const { ready, user, shell } = await proven(checked);
      const folders = { workspace: checked.path, home: join(home, "home"), outputs: join(home, "outputs") };
      mkdirSync(folders.home, { recursive: true, mode: 0o700 });
      mkdirSync(folders.outputs, { recursive: true, mode: 0o755 });
      if (isRoot) chownSync(folders.home, user.uid, user.gid);
      const name = nameOf(home);
      const spec = specOf(ready, {
        name,
        user,
        mounts: mountsOf(folders, options.workspaceIn === "volume" ? { volume: name } : { folder: checked.path }),
        cwd: checked.path,
        labels: { "deckhand.home": home },
      });
      return new ShellRuntime({
        kind: "docker",
        workspace: checked.path,
        outputFiles: outputFiles(folders.outputs, sandboxOutputs),
        openHost: async () => {
          onProgress?.("starting the container");
          try {
            writeFileSync(join(home, stamp), `${name}\n`);
            const container = await runContainer(ready.engine, spec);
            const opening = openContainerHost({
              exec: container.exec,
              shell,
              zones: [checked.path, sandboxHome, "/tmp"],
              sweep: !container.fresh,
              // Memory is held by the engine, which ends what takes more; that it did is not told.
              fileBytes: limits.fileBytes,
              limitHit: (exitCode) => fileSizeHit(exitCode, limits),
              force: container.kill,
              naps: idlePause({ idleMs: options.idleMs, pause: container.pause, unpause: container.unpause }),
            });
            return await opening.catch(async (error: unknown) => {
              throw new DeckhandError("sandbox_unavailable", (await container.whyEnded()) || engineError(error), {
                cause: error,
              });
            });
          } finally {
            onProgress?.("");
          }
        },
      });
    },

    async runIsolated(program, maxBytes, signal) {
      if (program.allowedHosts !== undefined) return options.apart.runIsolated(program, maxBytes, signal);
      const { ready, user } = await proven(await stat(program.cwd));
      const name = `deckhand-${server}-${boot}-${randomUUID().slice(0, 8)}`;
      const spec = specOf(ready, {
        name,
        user,
        mounts: program.folders.map(({ path, access }) => ({ from: { folder: path }, to: path, access })),
        cwd: program.cwd,
        env: program.env ?? {},
        network: "none",
        labels: { [bootLabel]: boot },
      });
      const place = {
        start: async () => (await runContainer(ready.engine, spec)).exec,
        remove: () => remove(ready.engine.docker.getContainer(name)),
      };
      return runInOwnContainer(place, program, maxBytes, signal);
    },

    async remove({ home }) {
      if (!existsSync(join(home, stamp))) return;
      const { docker } = await findEngine(options.env, options.userHome);
      await remove(docker.getContainer(nameOf(home)));
      if (options.workspaceIn === "volume") await docker.getVolume(nameOf(home)).remove();
    },
  };
}

function mountsOf(folders: ContainerFolders, workspaceFrom: ContainerMount["from"]): readonly ContainerMount[] {
  return [
    { from: { folder: folders.home }, to: sandboxHome, access: "write" },
    { from: { folder: folders.outputs }, to: sandboxOutputs, access: "read" },
    { from: workspaceFrom, to: folders.workspace, access: "write" },
  ];
}

function judged(
  { checks, shell, whyEnded: said }: ContainerVerification,
  engine: string,
  image: string,
): { readonly proven: boolean; readonly sentence: string } {
  const broken = checks.filter(({ held }) => !held).map(({ name }) => name);
  const what = `containers of ${engine} from ${image}`;
  if (broken.length > 0) {
    const why = said === "" ? `did not hold: ${broken.join("; ")}.` : `do not work: ${said}\n`;
    const sentence = `No command is run, because ${what} ${why} Look at the image and the engine's settings, or set DECKHAND_RUNTIME=bubblewrap.`;
    return { proven: false, sentence };
  }
  const less =
    shell === shLauncher
      ? " There is no bash in it: a time-out, a stop or a syntax error starts a new shell, and there are no jobs."
      : "";
  return { proven: true, sentence: `Commands run in ${what}, which held against ${checks.length} attempts.${less}` };
}

/** Containers of conversations that are gone or long unused, and what an attempt at the wall of an earlier server left behind. */
async function removeOld(
  { docker }: Engine,
  { server, boot, keepMs }: { readonly server: string; readonly boot: string; readonly keepMs: number },
): Promise<void> {
  const all = await docker.listContainers({ all: true, filters: { label: [`deckhand.server=${server}`] } });
  for (const { Id, Labels } of all) {
    const home = Labels["deckhand.home"];
    const inUse = home === undefined ? Labels[bootLabel] === boot : Date.now() - lastUsedMs(home) < keepMs;
    if (!inUse) await remove(docker.getContainer(Id));
  }
}

function lastUsedMs(home: string): number {
  return statSync(join(home, stamp), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
