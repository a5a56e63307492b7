/** A disk that is full or read-only: small in-memory file systems, which require root. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ModelProcess } from "./kit/model-process.ts";
import { until } from "./kit/processes.ts";
import { RawSocket, type Frame } from "./kit/raw-socket.ts";
import { ServerProcess } from "./kit/server-process.ts";

interface Disk extends Disposable {
  readonly path: string;
  readonly fill: () => void;
  readonly free: () => void;
  readonly remount: (how: "ro" | "rw") => void;
}

/** Undefined if this user may not mount file systems. */
function smallDisk(): Disk | undefined {
  const path = mkdtempSync(join(tmpdir(), "deckhand-disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", path], { stdio: "ignore" });
  } catch {
    rmSync(path, { recursive: true });
    return undefined;
  }
  const filler = join(path, "filler");
  return {
    path,
    fill: () => {
      const file = openSync(filler, "w");
      try {
        for (;;) writeSync(file, Buffer.alloc(4096));
      } catch (error) {
        assert.equal((error as NodeJS.ErrnoException).code, "ENOSPC");
      } finally {
        closeSync(file);
      }
    },
    free: () => rmSync(filler),
    remount: (how) => execFileSync("mount", ["-o", `remount,${how}`, path]),
    [Symbol.dispose]: () => {
      execFileSync("umount", ["-l", path]);
      rmSync(path, { recursive: true });
    },
  };
}

const noMount = "a file system can only be mounted as root";
const env = { LLM_MODEL: "demo", DECKHAND_RUNTIME: "host", DECKHAND_APPROVAL: "never" };
const think = (command: string): Frame => ({
  action: "think",
  args: { thought: `${command} ${"x".repeat(20_000)}` },
  conversation: "c",
  command,
});

async function send(socket: RawSocket, command: string): Promise<Frame> {
  const from = socket.frames.length;
  socket.send(think(command));
  return socket.next((frame) => "ack" in frame || "error" in frame, { from });
}

async function logOf(server: ServerProcess): Promise<readonly Frame[]> {
  const response = await fetch(`${server.url}/api/conversations/c/events?limit=1000`);
  return ((await response.json()) as { events: Frame[] }).events;
}

test("[X21] a full disk is reported, stores no partial event, stops no other work, and recovers once there is space", async (t) => {
  using disk = smallDisk();
  if (disk === undefined) return t.skip(noMount);
  const home = join(disk.path, "home");
  await using server = await ServerProcess.start({ home, env });
  using socket = await RawSocket.open(server.wsUrl, ["deckhand.v1"]);
  const acknowledged: string[] = [];
  for (let at = 0; at < 5; at += 1) {
    assert.ok("ack" in (await send(socket, `before ${at}`)));
    acknowledged.push(`before ${at}`);
  }
  disk.fill();
  let refused: Frame | undefined;
  for (let at = 0; refused === undefined && at < 300; at += 1) {
    const answer = await send(socket, `full ${at}`);
    if ("ack" in answer) acknowledged.push(`full ${at}`);
    else refused = answer["error"] as Frame;
  }
  assert.equal(refused?.["code"], "store_failed");
  assert.equal(refused?.["retryable"], true);
  assert.match(refused?.["message"] as string, /The event could not be stored: .*(full|I\/O)/);
  assert.equal((await fetch(`${server.url}/api/health`)).status, 200);
  disk.free();
  assert.ok("ack" in (await send(socket, "after")));
  acknowledged.push("after");
  const stored = (events: readonly Frame[]): string[] =>
    events.filter((event) => event["action"] === "think").map((event) => event["command"] as string);
  const log = await logOf(server);
  assert.deepEqual(stored(log), acknowledged);
  await server.end("SIGKILL");
  await using second = await ServerProcess.start({ home, env });
  assert.deepEqual(await logOf(second), log);
});

test("[X21] on a read-only disk the server does not start and says why; on a full disk it serves what is stored", async (t) => {
  using disk = smallDisk();
  if (disk === undefined) return t.skip(noMount);
  const home = join(disk.path, "home");
  await using first = await ServerProcess.start({ home, env });
  using socket = await RawSocket.open(first.wsUrl, ["deckhand.v1"]);
  await send(socket, "stored");
  await first.end("SIGKILL");
  disk.remount("ro");
  await assert.rejects(ServerProcess.start({ home, env }), /read-only/);
  disk.remount("rw");
  disk.fill();
  await using again = await ServerProcess.start({ home, env });
  assert.equal((await logOf(again)).filter((event) => event["command"] === "stored").length, 1);
});

test("[X27] a server whose work was interrupted starts on a full disk, serves what is stored, and recovers once there is space", async (t) => {
  using disk = smallDisk();
  if (disk === undefined) return t.skip(noMount);
  const home = join(disk.path, "home");
  await using model = await ModelProcess.start([
    { calls: [{ name: "run", arguments: { command: "echo begun > begun; sleep 600" } }] },
    { calls: [{ name: "finish", arguments: { thought: "Done." } }] },
  ]);
  const runs = { ...env, ...model.env };
  await using first = await ServerProcess.start({ home, env: runs });
  using socket = await RawSocket.open(first.wsUrl, ["deckhand.v1"]);
  socket.send({ action: "start", args: { task: "sleep" }, conversation: "c" });
  await until(() => existsSync(join(first.workspace, "begun")));
  const before = await logOf(first);
  await first.end("SIGKILL");
  disk.fill();
  for (const _ of ["started", "started again"]) {
    await using full = await ServerProcess.start({ home, env: runs });
    assert.deepEqual(await logOf(full), before);
    await full.end("SIGKILL");
  }
  await using second = await ServerProcess.start({ home, env: runs });
  using again = await RawSocket.open(second.wsUrl, ["deckhand.v1"]);
  again.send({ subscribe: { conversation: "c" } });
  await again.next((frame) => "caught_up" in frame);
  // SQLite still has free pages in its file, so several appends succeed first.
  let refused: Frame | undefined;
  for (let at = 0; refused === undefined && at < 300; at += 1) {
    const answer = await send(again, `full ${at}`);
    if ("error" in answer) refused = answer["error"] as Frame;
  }
  assert.equal(refused?.["code"], "store_failed");
  disk.free();
  again.send({ action: "message", args: { content: "go on" }, conversation: "c" });
  await again.state("finished");
  const log = await logOf(second);
  const run = log.find((event) => event["action"] === "run");
  assert.deepEqual(
    log.filter((event) => event["cause"] === run?.["id"]).map((event) => event["extras"].code),
    ["outcome_unknown"],
  );
});
