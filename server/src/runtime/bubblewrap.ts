/**
 * The sandbox on Linux: bubblewrap, one for each conversation, from its first command until it is disposed of. What is inside is in
 * wall/, what runs inside in box/. Nothing runs before the wall has been tried (wall/probe.ts) for the kind of owner that the workspace has.
 */
import { accessSync, chownSync, constants, mkdirSync, realpathSync } from "node:fs";
import { join, resolve } from "node:path";
import { DeckhandError } from "@deckhand/protocol";
import { BoxedRuntime } from "./box/boxed-runtime.ts";
import { supervisorCommand, supervisorFileInside } from "./box/driver.ts";
import { outputFiles } from "./box/output/whole-file.ts";
import { pipeSource } from "./box/pipe.ts";
import type { RuntimeFactory, RuntimeStatus } from "./runtime.ts";
import { wallCommand, type WallCommand, type WallOptions } from "./wall/arguments.ts";
import { ownDevices } from "./wall/devices.ts";
import { commandEnvironment } from "./wall/environment.ts";
import { homeInside, outputsInside, wallMounts } from "./wall/mounts.ts";
import type { RuntimeOptions } from "./wall/options.ts";
import { probeWall, type ProbeFolders } from "./wall/probe.ts";
import { preparedEtc, systemMounts } from "./wall/system-files.ts";
import { toolFolders } from "./wall/tool-folders.ts";
import { checkedWorkspace, type CheckedWorkspace } from "./wall/workspace.ts";

type Owner = WallOptions["owner"];
type Wall = (folders: ProbeFolders, command: readonly string[]) => WallCommand;

const checkout = resolve(import.meta.dirname, "../../..");
/** Whose workspace is tried where the server is root: nobody. */
const nobody = { uid: 65_534, gid: 65_534 };

export function bubblewrapRuntimes(options: RuntimeOptions): RuntimeFactory {
  const proofs = new Map<string, Promise<RuntimeStatus>>();
  const pipes = pipeSource();

  /** A wall that held is trusted from then on; one that did not is tried again, because people install what is missing. */
  const prove = (key: "server" | "owner", owner: Owner): Promise<RuntimeStatus> => {
    const known = proofs.get(key);
    if (known !== undefined) return known;
    const proof = tryWall(options, owner);
    proofs.set(key, proof);
    void proof.then(({ proven }) => (proven ? pipes.prepare() : proofs.delete(key)));
    return proof;
  };

  return {
    status: () => prove("server", undefined),
    async create({ workspace, home }) {
      const checked = await checkedWorkspace(workspace, options);
      const owner = ownerOf(checked);
      const proof = owner === undefined ? await prove("server", undefined) : await prove("owner", nobody);
      if (!proof.proven) throw new DeckhandError("sandbox_unavailable", proof.sentence);
      const folders = { home: join(home, "home"), outputs: join(home, "outputs"), workspace: checked.path };
      mkdirSync(folders.home, { recursive: true, mode: 0o700 });
      mkdirSync(folders.outputs, { recursive: true, mode: 0o755 });
      if (owner !== undefined) chownSync(folders.home, owner.uid, owner.gid);
      return new BoxedRuntime({
        kind: "bubblewrap",
        workspace: checked.path,
        outputs: outputFiles(folders.outputs, outputsInside),
        pipes,
        launch: async () => ({
          ...(await wall(options, owner))(
            folders,
            supervisorCommand(supervisorFileInside, [checked.path, homeInside, "/tmp"], ""),
          ),
          env: {},
          cwd: "/",
          streams: { outside: folders.outputs, inside: outputsInside },
          walled: true,
          mark: "",
        }),
      });
    },
  };
}

/** Who commands are: the workspace's owner where the server can be anybody, else the server's own user. */
function ownerOf(workspace: CheckedWorkspace): Owner {
  return process.getuid?.() === 0 && workspace.uid !== 0 ? { uid: workspace.uid, gid: workspace.gid } : undefined;
}

/** Fails with `sandbox_unavailable` when there is no bwrap. */
async function wall(options: RuntimeOptions, owner: Owner): Promise<Wall> {
  const bwrap = findBwrap(options.path);
  if (bwrap === undefined) {
    throw new DeckhandError("sandbox_unavailable", advice("bwrap is not on the PATH."));
  }
  const tools = toolFolders({ ...options, checkout });
  const system = systemMounts(await preparedEtc(join(options.dataHome, "sandbox")));
  const asRoot = process.getuid?.() === 0 && owner === undefined;
  const devices = asRoot ? await ownDevices(join(options.dataHome, "sandbox", "dev")) : [];
  return (folders, command) =>
    wallCommand(
      {
        bwrap,
        mounts: wallMounts({
          system,
          devices,
          tools: tools.mounts,
          hidden: [...new Set([options.dataHome, checkout].flatMap((path) => [resolve(path), real(path)]))],
          ...folders,
        }),
        env: commandEnvironment({
          path: tools.path,
          home: homeInside,
          extra: { USER: "agent", LOGNAME: "agent", ...tools.env },
        }),
        cwd: folders.workspace,
        ...(owner === undefined ? {} : { owner }),
      },
      command,
    );
}

async function tryWall(options: RuntimeOptions, owner: Owner): Promise<RuntimeStatus> {
  const kind = "bubblewrap";
  try {
    const { checks, said } = await probeWall(
      { ...options, ...(owner === undefined ? {} : { owner }) },
      await wall(options, owner),
    );
    const broken = checks.filter(({ held }) => !held).map(({ name }) => name);
    if (broken.length === 0) {
      const sentence = `Commands run in a bubblewrap sandbox, which held against ${checks.length} attempts.`;
      return { kind, proven: true, sentence, checks };
    }
    const why =
      said === "" ? `the sandbox did not hold: ${broken.join("; ")}.` : `bubblewrap does not work here: ${said}`;
    return { kind, proven: false, sentence: advice(why), checks };
  } catch (error) {
    const sentence = error instanceof DeckhandError ? error.message : advice((error as Error).message);
    return { kind, proven: false, sentence, checks: [] };
  }
}

/** What to do about it, by what bubblewrap says (bubblewrap.c, `create_user_ns` and the parsing of options). */
function advice(why: string): string {
  const way = why.includes("Unknown option")
    ? "Install bubblewrap 0.8 or newer"
    : /namespace|uid map|Operation not permitted|Permission denied/.test(why)
      ? "Let ordinary users make namespaces (sysctl kernel.unprivileged_userns_clone=1, on Ubuntu kernel.apparmor_restrict_unprivileged_userns=0)"
      : "Install bubblewrap (apt-get install bubblewrap)";
  return `No command is run, because ${why} ${way}, or set DECKHAND_RUNTIME=host to run commands without a sandbox.`;
}

function findBwrap(path: string): string | undefined {
  for (const folder of path.split(":")) {
    const file = join(folder, "bwrap");
    try {
      if (!folder.startsWith("/")) continue;
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      continue;
    }
  }
  return undefined;
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}
