/**
 * The targets outside that the checks try to reach. They record what reached them and are removed after the self-test.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { chown, mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo, type Server } from "node:net";
import { join } from "node:path";
import { statOf } from "../../processes.ts";

export interface SelfTestFolders {
  readonly home: string;
  readonly outputs: string;
  readonly workspace: string;
}

export interface Targets extends AsyncDisposable {
  readonly folder: string;
  readonly folders: SelfTestFolders;
  /** For a second sandbox that runs at the same time. */
  readonly secondFolders: SelfTestFolders;
  readonly canary: string;
  readonly other: string;
  readonly victim: { readonly pid: number; readonly startTick: number };
  readonly port: number;
  readonly udpPort: number;
  readonly sockets: { readonly outside: string; readonly within: string | undefined; readonly abstract: string };
  /** Ids of the checks that reached a target. */
  reached(): Promise<ReadonlySet<string>>;
  /** Ids of the controls that wrote what they should. */
  controls(): Promise<ReadonlySet<string>>;
}

type Owner = { readonly uid: number; readonly gid: number } | undefined;

/** Creates them in a new folder below `dataHome`. */
export async function createTargets(dataHome: string, owner: Owner): Promise<Targets> {
  await mkdir(dataHome, { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(join(dataHome, "probe-"));
  const cleanup = new AsyncDisposableStack();
  try {
    cleanup.defer(() => rm(folder, { recursive: true, force: true }));
    const reachedIds = new Set<string>();
    const folders = foldersIn(join(folder, "one"));
    const secondFolders = foldersIn(join(folder, "two"));
    const { workspace } = folders;
    const git = join(workspace, ".git");
    const other = join(folder, "other");
    for (const each of [...Object.values(folders), ...Object.values(secondFolders), join(other, "home")]) {
      await mkdir(each, { recursive: true });
    }
    for (const name of ["objects", "refs", "hooks"]) await mkdir(join(git, name), { recursive: true });
    const canary = join(folder, "canary");
    const outside = { [canary]: "canary\n", [join(other, "home", "canary")]: "canary\n" };
    const inside = { [join(workspace, "given")]: "given\n", [join(git, "HEAD")]: "ref: refs/heads/main\n" };
    for (const [path, text] of Object.entries({ ...outside, ...inside, [join(git, "config")]: "" })) {
      await writeFile(path, text);
    }
    // A socket path has at most 107 characters, and the data folder may be deeply nested.
    const short = await mkdtemp("/tmp/deckhand-probe-");
    cleanup.defer(() => rm(short, { recursive: true, force: true }));
    const within = join(workspace, "s");
    const boundAt = await listen(cleanup, () => reachedIds.add("workspace"), { path: within }).catch(() => undefined);
    const sockets = {
      outside: join(short, "s"),
      within: boundAt === undefined ? undefined : within,
      abstract: `deckhand-probe-${randomBytes(8).toString("hex")}`,
    };
    const { port } = (await listen(cleanup, () => reachedIds.add("ports"), {
      port: 0,
      host: "127.0.0.1",
    })) as AddressInfo;
    await listen(cleanup, () => reachedIds.add("path"), { path: sockets.outside });
    await listen(cleanup, () => reachedIds.add("abstract"), { path: `\0${sockets.abstract}` });
    const udp = createSocket("udp4", () => reachedIds.add("datagrams"));
    udp.bind(0, "127.0.0.1");
    await once(udp, "listening");
    cleanup.defer(() => void udp.close());
    const victim = spawn("sleep", ["20"], { stdio: "ignore", env: { PATH: "/usr/bin:/bin", DECKHAND_VICTIM: "1" } });
    cleanup.defer(() => killAndWait(victim));
    if (owner !== undefined) await chownTree(join(folder, "one"), owner);
    if (owner !== undefined) await chownTree(join(folder, "two"), owner);
    const owned = cleanup.move();
    return {
      folder,
      folders,
      secondFolders,
      canary,
      other,
      victim: { pid: victim.pid ?? 0, startTick: statOf(victim.pid ?? 0)?.startTick ?? 0 },
      port,
      udpPort: udp.address().port,
      sockets,
      async reached() {
        if (await exists(join(workspace, "..", "written"))) reachedIds.add("next-to-workspace");
        if ((await readdir(join(git, "hooks"))).length > 0) reachedIds.add("hooks");
        return reachedIds;
      },
      controls: async () => new Set((await exists(join(workspace, "made"))) ? ["next-to-workspace"] : []),
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  } catch (error) {
    await cleanup.disposeAsync();
    throw error;
  }
}

const foldersIn = (folder: string): SelfTestFolders => ({
  home: join(folder, "home"),
  outputs: join(folder, "outputs"),
  workspace: join(folder, "next-to-workspace", "workspace"),
});

async function listen(
  cleanup: AsyncDisposableStack,
  onReached: () => void,
  where: object,
): Promise<ReturnType<Server["address"]>> {
  const server = createServer((socket) => {
    onReached();
    socket.destroy();
  });
  server.listen(where);
  await once(server, "listening");
  cleanup.defer(() => void server.close());
  return server.address();
}

/** Recursively. */
async function chownTree(path: string, owner: NonNullable<Owner>): Promise<void> {
  await chown(path, owner.uid, owner.gid);
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) await chownTree(join(path, entry.name), owner);
}

async function killAndWait(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
