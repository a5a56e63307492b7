import assert from "node:assert/strict";
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { cpuSecondsOf } from "./kit/processes.ts";

const root = join(import.meta.dirname, "..");
const folder = await mkdtemp(join(tmpdir(), "deckhand-fresh-"));
const clone = join(folder, "deckhand");

interface Start {
  readonly url: string;
  /** CPU time of npm and the server until it listened. */
  readonly cpuSeconds: number;
}

/** `npm start` as a user types it, with the machine's own Node and no environment variable of this test run. */
async function npmStart(check: (start: Start) => Promise<void>): Promise<void> {
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
    await check({ url, cpuSeconds: await cpuSecondsOf(child.pid ?? -1) });
  } finally {
    if (child.exitCode === null) {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
    }
  }
}

test(
  "[E16] in a fresh clone npm start ends in a listening server; a second start needs less than 2 s of CPU time",
  { timeout: 300_000 },
  async (t) => {
    if (!existsSync(join(root, ".git"))) return t.skip("not a git checkout");
    try {
      execFileSync("git", ["clone", "--quiet", "--no-hardlinks", root, clone]);
      await npmStart(async ({ url }) => {
        const health = (await (await fetch(`${url}/api/health`)).json()) as { model: { demo: boolean } };
        assert.equal(health.model.demo, true);
        const page = await (await fetch(url)).text();
        assert.match(page, /<div id="root"|<script type="module"/, "the web UI is built");
      });
      await npmStart(async ({ cpuSeconds }) => {
        t.diagnostic(`the second start needed ${cpuSeconds.toFixed(2)} s of CPU time`);
        assert.ok(cpuSeconds < 2, `${cpuSeconds} s`);
      });
      assert.equal(
        execFileSync("git", ["status", "--porcelain"], { cwd: clone, encoding: "utf8" }),
        "",
        "the checkout is clean",
      );
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
);
