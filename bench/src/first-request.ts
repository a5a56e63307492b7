/**
 * `npm run bench -- first-request`: compares the size of the first model request with that of other agents, which are
 * installed in pinned versions into a temporary folder. Not part of the default run, because it needs the registry and
 * half a gigabyte for a few minutes.
 */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { ModelProcess } from "@deckhand/test/model-process";
import { ServerProcess } from "@deckhand/test/server-process";
import { connect } from "@deckhand/client";
import { finishTask } from "./finish-task.ts";
import { count, type RequestSize, type RequestBody } from "./first-request/count.ts";
import { peers, type Peer } from "./first-request/peers.ts";
import { table } from "./table.ts";

const task = "Say hello.";
const installMs = 5 * 60_000;
/** The first start creates folders and databases, possibly on a busy machine. */
const runMs = 90_000;

export async function measureFirstRequest(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "deckhand-peers-"));
  try {
    const rows = [await row("Deckhand", "", measureDeckhand)];
    for (const peer of peers) rows.push(await row(peer.name, versionOf(peer), () => measurePeer(peer, folder)));
    const head = ["agent", "version", "system", "tools", "count", "total", "system", "tools", "total"];
    return `First request with tools, for "${task}" in an empty folder: characters, then tokens (o200k_base).\n\n${table(head, rows)}`;
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function row(name: string, version: string, measure: () => Promise<RequestBody>): Promise<readonly string[]> {
  process.stderr.write(`${name} …\n`);
  try {
    return [name, version, ...cells(count(await measure()))];
  } catch (error) {
    process.stderr.write(`${name}: ${(error as Error).message}\n`);
    return [name, version, ...Array.from({ length: 7 }, () => "failed")];
  }
}

function cells({ system, tools, total }: RequestSize): readonly string[] {
  const chars = [system.chars, tools.chars, tools.count, total.chars];
  return [...chars, system.tokens, tools.tokens, total.tokens].map((value) => value.toLocaleString("en"));
}

function versionOf({ install }: Peer): string {
  return install.slice(install.lastIndexOf("@") + 1);
}

async function measureDeckhand(): Promise<RequestBody> {
  await using model = await ModelProcess.start([{ calls: [{ name: "finish", arguments: { thought: "Hello." } }] }]);
  await using server = await ServerProcess.start({ env: model.env });
  const client = connect({ url: server.url });
  try {
    await finishTask(client, task);
  } finally {
    client.close();
  }
  return await firstWithTools(model);
}

async function measurePeer(peer: Peer, folder: string): Promise<RequestBody> {
  const root = join(folder, peer.program);
  const [home, workspace] = [join(root, "home"), join(root, "workspace")];
  await mkdir(home, { recursive: true });
  await mkdir(workspace);
  await writeFile(join(root, "package.json"), "{}");
  const options = { cwd: root, timeout: installMs, maxBuffer: 16 * 1024 * 1024 };
  await promisify(execFile)("npm", ["install", "--no-audit", "--no-fund", "--no-save", peer.install], options);
  await using model = await ModelProcess.start([{ text: "Hello." }], { after: "repeat_last" });
  const { args, env } = await peer.prepare({ home, workspace, modelUrl: model.url, task });
  const child = spawn(join(root, "node_modules/.bin", peer.program), args, {
    cwd: workspace,
    // A process group of its own, so that its children can be killed with it.
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
    env: { PATH: process.env["PATH"], HOME: home, TMPDIR: root, CI: "true", NO_COLOR: "1", ...env },
  });
  let stderr = "";
  child.stderr.on("data", (data: Buffer) => (stderr = (stderr + String(data)).slice(-500)));
  const exited = once(child, "exit");
  const timer = setTimeout(() => killGroup(child.pid), runMs);
  try {
    await exited;
    return await firstWithTools(model);
  } catch (error) {
    throw new Error(`${(error as Error).message} ${stderr.trim()}`, { cause: error });
  } finally {
    clearTimeout(timer);
    killGroup(child.pid);
  }
}

async function firstWithTools(model: ModelProcess): Promise<RequestBody> {
  const bodies = (await model.requests()).map(({ body }): RequestBody => body as RequestBody);
  const first = bodies.find(({ tools }) => tools !== undefined && tools.length > 0);
  if (first === undefined) throw new Error(`none of its ${bodies.length} requests has tools.`);
  return first;
}

/** Kills the process group, if it still exists. */
function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // It has already exited.
  }
}
