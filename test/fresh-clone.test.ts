import assert from "node:assert/strict";
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "..");
const folder = await mkdtemp(join(tmpdir(), "deckhand-fresh-"));
const clone = join(folder, "deckhand");

interface Start {
  readonly url: string;
  readonly listeningMs: number;
}

/** `npm start` as a user types it, with the machine's own Node and nothing of ours in the environment. */
async function npmStart(check: (start: Start) => Promise<void>): Promise<void> {
  const startedAt = performance.now();
  const child: ChildProcess = spawn("npm", ["start"], {
    cwd: clone,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: process.env["DECKHAND_USER_PATH"] ?? process.env["PATH"],
      HOME: process.env["HOME"],
      PORT: "0",
      DECKHAND_HOME: join(folder, "home"),
      DECKHAND_DISCOVER: "false",
    },
  });
  let printed = "";
  const listening = Promise.withResolvers<string>();
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      printed += chunk.toString();
      const url = /listening on (http:\S+)/.exec(printed)?.[1];
      if (url !== undefined) listening.resolve(url);
    });
  }
  child.once("exit", (code) => listening.reject(new Error(`npm start ended with ${code}:\n${printed}`)));
  try {
    const url = await listening.promise;
    await check({ url, listeningMs: performance.now() - startedAt });
  } finally {
    if (child.exitCode === null) {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
    }
  }
}

test("[E16] a fresh clone: npm start ends in a listening server; a second one listens within 2 s", async (t) => {
  if (!existsSync(join(root, ".git"))) return t.skip("this is no git checkout");
  try {
    execFileSync("git", ["clone", "--quiet", "--no-hardlinks", root, clone]);
    await npmStart(async ({ url }) => {
      const health = (await (await fetch(`${url}/api/health`)).json()) as { model: { demo: boolean } };
      assert.equal(health.model.demo, true);
      const page = await (await fetch(url)).text();
      assert.match(page, /<div id="root"|<script type="module"/, "the page is built");
    });
    await npmStart(async ({ listeningMs }) => {
      t.diagnostic(`the second start listened after ${Math.round(listeningMs)} ms`);
      assert.ok(listeningMs < 2000, `${listeningMs} ms`);
    });
    assert.equal(
      execFileSync("git", ["status", "--porcelain"], { cwd: clone, encoding: "utf8" }),
      "",
      "nothing is left lying",
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
