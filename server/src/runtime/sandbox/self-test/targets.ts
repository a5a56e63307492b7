/** What the attempts reach for, outside: each tells what has reached it, and all of it goes with the probe. */
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
  /** For a second sandbox beside the first. */
  readonly secondFolders: SelfTestFolders;
  readonly canary: string;
  readonly other: string;
  readonly victim: { readonly pid: number; readonly startTick: number };
  readonly port: number;
  readonly udpPort: number;
  readonly sockets: { readonly beside: string; readonly within: string | undefined; readonly abstract: string };
  /** Ids of attempts that were seen here. */
  seen(): Promise<ReadonlySet<string>>;
  /** What was written where it should be. */
  controls(): Promise<ReadonlySet<string>>;
}

type Owner = { readonly uid: number; readonly gid: number } | undefined;

/** In a folder of its own below `dataHome`. */
export async function createTargets(dataHome: string, owner: Owner): Promise<Targets> {
  await mkdir(dataHome, { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(join(dataHome, "probe-"));
  const parts = new AsyncDisposableStack();
  try {
    parts.defer(() => rm(folder, { recursive: true, force: true }));
    const seen = new Set<string>();
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
    const written = { [canary]: "canary\n", [join(other, "home", "canary")]: "canary\n" };
    const given = { [join(workspace, "given")]: "given\n", [join(git, "HEAD")]: "ref: refs/heads/main\n" };
    for (const [path, text] of Object.entries({ ...written, ...given, [join(git, "config")]: "" })) {
      await writeFile(path, text);
    }
    // The path of a socket has 107 characters, and the folder of the data may be deep.
    const short = await mkdtemp("/tmp/deckhand-probe-");
    parts.defer(() => rm(short, { recursive: true, force: true }));
    const within = join(workspace, "s");
    const isReached = await listen(parts, () => seen.add("workspace"), { path: within }).catch(() => undefined);
    const sockets = {
      beside: join(short, "s"),
      within: isReached === undefined ? undefined : within,
      abstract: `deckhand-probe-${randomBytes(8).toString("hex")}`,
    };
    const { port } = (await listen(parts, () => seen.add("ports"), { port: 0, host: "127.0.0.1" })) as AddressInfo;
    await listen(parts, () => seen.add("path"), { path: sockets.beside });
    await listen(parts, () => seen.add("abstract"), { path: `\0${sockets.abstract}` });
    const udp = createSocket("udp4", () => seen.add("datagrams"));
    udp.bind(0, "127.0.0.1");
    await once(udp, "listening");
    parts.defer(() => void udp.close());
    const victim = spawn("sleep", ["20"], { stdio: "ignore", env: { PATH: "/usr/bin:/bin", DECKHAND_VICTIM: "1" } });
    parts.defer(() => ended(victim));
    if (owner !== undefined) await give(join(folder, "one"), owner);
    if (owner !== undefined) await give(join(folder, "two"), owner);
    const own = parts.move();
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
      async seen() {
        if (await isThere(join(workspace, "..", "written"))) seen.add("beside");
        if ((await readdir(join(git, "hooks"))).length > 0) seen.add("hooks");
        return seen;
      },
      controls: async () => new Set((await isThere(join(workspace, "made"))) ? ["beside"] : []),
      [Symbol.asyncDispose]: () => own.disposeAsync(),
    };
  } catch (error) {
    await parts.disposeAsync();
    throw error;
  }
}

const foldersIn = (folder: string): SelfTestFolders => ({
  home: join(folder, "home"),
  outputs: join(folder, "outputs"),
  workspace: join(folder, "beside", "workspace"),
});

async function listen(
  parts: AsyncDisposableStack,
  reached: () => void,
  where: object,
): Promise<ReturnType<Server["address"]>> {
  const server = createServer((socket) => {
    reached();
    socket.destroy();
  });
  server.listen(where);
  await once(server, "listening");
  parts.defer(() => void server.close());
  return server.address();
}

/** A folder with all that is in it. */
async function give(path: string, owner: NonNullable<Owner>): Promise<void> {
  await chown(path, owner.uid, owner.gid);
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) await give(join(path, entry.name), owner);
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
