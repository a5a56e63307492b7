/**
 * Attempts to get through the wall, made from behind it and through the very command that commands run with. Each is judged by what
 * is seen outside where that is possible. Without the last two, which must succeed, a wall that runs nothing would pass.
 */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { chown, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { feed } from "../box/box.ts";
import { statOf } from "../box/processes.ts";
import type { WallCommand } from "./arguments.ts";
import type { RuntimeOptions } from "./options.ts";

export interface Check {
  readonly name: string;
  readonly held: boolean;
}

export interface Proof {
  readonly checks: readonly Check[];
  /** What bubblewrap said, where it failed. */
  readonly said: string;
}

export interface ProbeFolders {
  readonly home: string;
  readonly outputs: string;
  readonly workspace: string;
}

const deadlineMs = 10_000;

const attempts = readFileSync(join(import.meta.dirname, "attempts.sh"), "utf8");

/** By the number of the attempt. */
const names = [
  "the server's data is out of reach",
  "the server's environment is out of reach",
  "nothing is written beside the workspace",
  "the server's ports are out of reach",
  "the server's process is out of sight",
  "/etc/shadow is out of reach",
  "the user's home is out of sight",
  "no new namespaces are made",
  "no privilege is left or gained",
  "the system's folders and switches are read-only",
  "the workspace is read and written",
  "programs run",
] as const;
const mustSucceed = [10, 11];

/** `wall` makes the command that runs `command` behind the wall. `owner` is given the workspace. */
export async function probeWall(
  options: RuntimeOptions & { readonly owner?: { readonly uid: number; readonly gid: number } },
  wall: (folders: ProbeFolders, command: readonly string[]) => WallCommand,
): Promise<Proof> {
  await mkdir(options.dataHome, { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(join(options.dataHome, "probe-"));
  const server = createServer((socket) => socket.destroy());
  let reached = false;
  server.on("connection", () => (reached = true));
  try {
    const beside = join(folder, "beside");
    const folders = {
      home: join(folder, "home"),
      outputs: join(folder, "outputs"),
      workspace: join(beside, "workspace"),
    };
    for (const each of [folders.home, folders.outputs, folders.workspace]) await mkdir(each, { recursive: true });
    const canary = join(folder, "canary");
    await Promise.all([
      writeFile(canary, "canary\n"),
      writeFile(join(folders.workspace, "given"), "given\n"),
      new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)),
    ]);
    if (options.owner !== undefined) {
      const { uid, gid } = options.owner;
      for (const each of [beside, folders.home, folders.workspace]) await chown(each, uid, gid);
    }
    const { port } = server.address() as AddressInfo;
    const tick = statOf(process.pid)?.startTick ?? 0;
    const values = [canary, port, process.pid, tick, options.userHome, folders.workspace].map(String);
    const { said, printed } = await run(
      folder,
      wall(folders, ["/bin/bash", "--noprofile", "--norc", "-c", attempts, "probe", ...values]),
    );
    const out = new Set([...printed.matchAll(/^out (\d+)$/gm)].map((match) => Number(match[1])));
    if (await exists(join(beside, "written"))) out.add(2);
    if (reached) out.add(3);
    const made = await readFile(join(folders.workspace, "made"), "utf8").catch(() => "");
    if (made !== "made inside") out.delete(10);
    return { said, checks: names.map((name, i) => ({ name, held: out.has(i) === mustSucceed.includes(i) })) };
  } finally {
    server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function run(
  cwd: string,
  { argv, feeds }: WallCommand,
): Promise<{ readonly said: string; readonly printed: string }> {
  const [file = "", ...args] = argv;
  const child = spawn(file, args, {
    // Where there is no wall, what it writes is to be there and nowhere else.
    cwd,
    // Only here is anything in the environment of bubblewrap itself, to see that it is not passed on.
    env: { DECKHAND_CANARY: "1" },
    timeout: deadlineMs,
    killSignal: "SIGKILL",
    // Node leaves what is ignored above 2 closed, and a bubblewrap that cannot say where its child is leaves that behind.
    stdio: ["ignore", "pipe", "pipe", ...Array.from({ length: 13 }, () => "pipe" as const)],
  });
  for (const stream of child.stdio) stream?.on("error", () => {});
  feed(child, feeds);
  const text = { printed: "", said: "" };
  child.stdout?.setEncoding("utf8").on("data", (part: string) => (text.printed += part));
  child.stderr?.setEncoding("utf8").on("data", (part: string) => (text.said += part));
  return new Promise((resolve) => {
    const done = () => resolve({ ...text, said: text.said.trim() });
    child.on("error", (error) => resolve({ ...text, said: error.message }));
    child.on("close", done);
    // For a bubblewrap that failed half-way and left behind what holds its stderr.
    child.on("exit", () => setTimeout(done, 200));
  });
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
