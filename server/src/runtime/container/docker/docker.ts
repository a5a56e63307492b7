/**
 * Sandboxes as Docker or Podman containers, one per conversation. A container outlives the server; the next server
 * finds it by name and attaches to it. No command runs until an engine and an image have been found and the isolation
 * has been verified (escape-checks.ts).
 */
import { createHash, randomUUID } from "node:crypto";
import { chownSync, mkdirSync } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { DeckhandError } from "@deckhand/protocol";
import type { RuntimeFactory, RuntimeStatus } from "../../runtime.ts";
import type { RuntimeOptions } from "../../runtime-options.ts";
import { fileSizeHit, resolveLimits } from "../../sandbox/limits/limits.ts";
import { sandboxHome, sandboxOutputs } from "../../sandbox/mounts/mounts.ts";
import { checkWorkspace } from "../../sandbox/workspace-policy.ts";
import { outputFiles } from "../../shell/output/output-file.ts";
import type { ProcessHost } from "../../shell/process-host.ts";
import { ShellRuntime } from "../../shell/shell-runtime.ts";
import { openContainerHost } from "../container-host.ts";
import { statusChecks, verdict, verifyContainer, type ContainerVerification } from "../escape-checks.ts";
import { idlePause } from "../idle-pause.ts";
import { memoizeSuccess, memoizeSuccessByKey } from "../memoize-success.ts";
import { runInOwnContainer } from "../run-isolated.ts";
import type { ShellLauncher } from "../shell-launcher.ts";
import { startupProgress } from "../startup-progress.ts";
import { conversationMounts, type ContainerSpec } from "./container-spec.ts";
import { remove, runContainer } from "./docker-container.ts";
import { engineError, engineSockets, findEngine, type Engine } from "./docker-engine.ts";
import { ensureImage, type Image } from "./image.ts";
import { bootLabel, hasContainer, homeLabel, markUsed, removeOldContainers, serverLabel } from "./old-containers.ts";

export interface DockerOptions extends RuntimeOptions {
  /** DOCKER_HOST and XDG_RUNTIME_DIR tell where the engine is. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly image: string;
  /** Network of the containers: none, or the engine's default. */
  readonly reach: "none" | "default";
  /** Runs the server's own programs that need the network, behind its proxy. */
  readonly isolated: Pick<RuntimeFactory, "runIsolated">;
  readonly readOnly: boolean;
  /** Where workspaces are: the folder itself, or a volume per conversation that is mounted at the folder's path. */
  readonly workspaceIn: "folder" | "volume";
  /** A container is paused after this much idle time. */
  readonly idleMs: number;
  /** When the server starts, containers that were unused for this long are removed. */
  readonly keepMs: number;
}

interface Ready {
  readonly engine: Engine;
  readonly image: Image;
}

interface Verified extends Ready {
  readonly user: User;
  readonly launcher: ShellLauncher;
}

type User = ContainerSpec["user"];

const nobody: User = { uid: 65_534, gid: 65_534 };
/** Pulling an image may take minutes; a status request is answered with the progress after this time. */
const statusMs = 2000;

const advice = "Check the image and the engine's settings, or set DECKHAND_RUNTIME=bubblewrap.";

export function dockerRuntimes(options: DockerOptions): RuntimeFactory {
  const server = createHash("sha256").update(options.dataHome).digest("hex").slice(0, 12);
  /** Identifies this run of the server. */
  const boot = randomUUID().slice(0, 8);
  const isRoot = process.getuid?.() === 0;
  const serverUser: User = isRoot
    ? nobody
    : { uid: process.getuid?.() ?? nobody.uid, gid: process.getgid?.() ?? nobody.gid };
  const limits = resolveLimits(options.limits);
  const sockets = engineSockets(options.env, options.userHome);
  const progress = startupProgress();
  const containerName = (home: string) => `deckhand-${server}-${basename(home)}`;

  const specOf = (
    { engine, image }: Ready,
    parts: Pick<ContainerSpec, "name" | "user" | "mounts" | "cwd" | "labels"> & Partial<ContainerSpec>,
  ): ContainerSpec => ({
    env: {},
    network: options.reach,
    ...parts,
    labels: { [serverLabel]: server, ...parts.labels },
    image: image.name,
    path: image.path,
    keepId: engine.isPodman && engine.rootless,
    readOnly: options.readOnly,
    limits,
    sockets,
  });

  const prepare = memoizeSuccess(async (): Promise<Ready> => {
    const engine = await findEngine(options.env, options.userHome);
    // Not awaited: old containers are no reason to wait or to fail.
    removeOldContainers(engine, { server, boot, keepMs: options.keepMs }).catch(() => {});
    const image = await ensureImage(engine, options.image, progress.report).finally(() => progress.report(""));
    return { engine, image };
  });

  const verifyAs = memoizeSuccessByKey(async (user: User): Promise<ContainerVerification> => {
    const ready = await prepare();
    progress.report("verifying the container");
    const name = `deckhand-${server}-${boot}-${user.uid}`;
    return verifyContainer({
      dataHome: options.dataHome,
      user,
      networkOff: options.reach === "none",
      sockets,
      start: async (folders) => {
        const mounts = conversationMounts(folders, { folder: folders.workspace });
        const spec = specOf(ready, { name, user, mounts, cwd: folders.workspace, labels: { [bootLabel]: boot } });
        return runContainer(ready.engine, spec);
      },
      remove: () => remove(ready.engine.docker.getContainer(name)),
    }).finally(() => progress.report(""));
  });

  const status = async (): Promise<RuntimeStatus> => {
    try {
      const verification = await verifyAs(serverUser);
      const what = containersOf(await prepare());
      return { kind: "docker", ...statusChecks(verification.checks), ...verdict(verification, what, advice) };
    } catch (error) {
      const sentence =
        error instanceof DeckhandError ? error.message : `Commands are disabled: ${(error as Error).message}`;
      return { kind: "docker", proven: false, sentence, ...statusChecks([]) };
    }
  };

  /** Fails with `sandbox_unavailable` unless containers that run as the folder's owner have been verified. */
  const verifiedFor = async (owner: User): Promise<Verified> => {
    const ready = await prepare();
    const user = isRoot ? { uid: owner.uid, gid: owner.gid } : serverUser;
    const verification = await verifyAs(user.uid === 0 ? user : serverUser);
    const { proven, sentence } = verdict(verification, containersOf(ready), advice);
    if (!proven) throw new DeckhandError("sandbox_unavailable", sentence);
    return { ...ready, user, launcher: verification.launcher };
  };

  /** Fails with `sandbox_unavailable`. */
  const openHost = async ({ engine, launcher }: Verified, spec: ContainerSpec): Promise<ProcessHost> => {
    const container = await runContainer(engine, spec);
    try {
      return await openContainerHost({
        exec: container.exec,
        launcher,
        zones: [spec.cwd, sandboxHome, "/tmp"],
        sweep: !container.fresh,
        // The engine enforces the memory limit and kills processes that exceed it, but does not report it.
        fileBytes: limits.fileBytes,
        limitHit: (exitCode) => fileSizeHit(exitCode, limits),
        force: container.kill,
        idlePause: idlePause({ idleMs: options.idleMs, pause: container.pause, unpause: container.unpause }),
      });
    } catch (error) {
      const why = (await container.whyEnded()) || engineError(error);
      throw new DeckhandError("sandbox_unavailable", why, { cause: error });
    }
  };

  return {
    ...(options.workspaceIn === "volume"
      ? {
          noSubagentsReason:
            "Subagents are not available: every conversation has its own volume, so they cannot share a workspace.",
        }
      : {}),
    status: () => Promise.race([status(), progress.statusAfter(statusMs, "docker")]),

    async create({ workspace, home, onProgress }) {
      using _ = progress.subscribe(onProgress);
      const checked = await checkWorkspace(workspace, options);
      const verified = await verifiedFor(checked);
      const folders = { workspace: checked.path, home: join(home, "home"), outputs: join(home, "outputs") };
      mkdirSync(folders.home, { recursive: true, mode: 0o700 });
      mkdirSync(folders.outputs, { recursive: true, mode: 0o755 });
      if (isRoot) chownSync(folders.home, verified.user.uid, verified.user.gid);
      const name = containerName(home);
      const spec = specOf(verified, {
        name,
        user: verified.user,
        mounts: conversationMounts(
          folders,
          options.workspaceIn === "volume" ? { volume: name } : { folder: checked.path },
        ),
        cwd: checked.path,
        labels: { [homeLabel]: home },
      });
      return new ShellRuntime({
        kind: "docker",
        workspace: checked.path,
        outputFiles: outputFiles(folders.outputs, sandboxOutputs),
        openHost: async () => {
          onProgress?.("starting the container");
          try {
            markUsed(home, name);
            return await openHost(verified, spec);
          } finally {
            onProgress?.("");
          }
        },
      });
    },

    async runIsolated(program, maxBytes, signal) {
      if (program.allowedHosts !== undefined) return options.isolated.runIsolated(program, maxBytes, signal);
      const verified = await verifiedFor(await stat(program.cwd));
      const name = `deckhand-${server}-${boot}-${randomUUID().slice(0, 8)}`;
      const spec = specOf(verified, {
        name,
        user: verified.user,
        mounts: program.folders.map(({ path, access }) => ({ from: { folder: path }, to: path, access })),
        cwd: program.cwd,
        env: program.env ?? {},
        network: "none",
        labels: { [bootLabel]: boot },
      });
      const container = {
        start: async () => (await runContainer(verified.engine, spec)).exec,
        remove: () => remove(verified.engine.docker.getContainer(name)),
      };
      return runInOwnContainer(container, program, maxBytes, signal);
    },

    async remove({ home }) {
      if (!hasContainer(home)) return;
      const { docker } = await findEngine(options.env, options.userHome);
      await remove(docker.getContainer(containerName(home)));
      if (options.workspaceIn === "volume") await docker.getVolume(containerName(home)).remove();
    },
  };
}

function containersOf({ engine, image }: Ready): string {
  return `containers of ${engine.name} from image ${image.name}`;
}
