/** Workspaces cloned over the network, the limits on creating them, and what a killed server leaves behind. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { connect, type Client } from "@deckhand/client";
import { isAction, type Observation, type WorkspaceChoice } from "@deckhand/protocol";
import { startGitServer, type GitServer } from "./kit/git-server.ts";
import { createIn, eventOf, waitUntilReady, makeRepository, runIn } from "./kit/workspaces.ts";
import { ServerProcess } from "./kit/server-process.ts";

let folder: string;
let git: GitServer;
let elsewhere: Server;
let reached = 0;
let server: ServerProcess;
let client: Client;
let env: Readonly<Record<string, string>>;
let commits: readonly string[];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "deckhand-clones-"));
  elsewhere = createServer((_, response) => {
    reached += 1;
    response.end();
  });
  elsewhere.listen(0, "127.0.0.1");
  await once(elsewhere, "listening");
  const { port } = elsewhere.address() as AddressInfo;
  git = await startGitServer(folder, `http://127.0.0.1:${port}`);
  const repository = makeRepository(join(folder, "public"));
  repository("tag", "v1");
  repository("switch", "--quiet", "--create", "next");
  writeFileSync(join(folder, "public", "a"), "next\n");
  symlinkSync("/etc/shadow", join(folder, "public", "link"));
  const module = `[submodule "m"]\n\tpath = m\n\turl = http://127.0.0.1:${port}/m\n`;
  writeFileSync(join(folder, "public", ".gitmodules"), module);
  writeFileSync(join(folder, "public", ".gitattributes"), "* filter=evil diff=evil\n");
  repository("add", ".");
  repository("commit", "--quiet", "-m", "next");
  commits = repository("log", "--format=%H").trim().split("\n");
  repository("switch", "--quiet", "main");
  env = { LLM_MODEL: "demo", DECKHAND_NETWORK_ALLOW: `127.0.0.1:${git.port}` };
  server = await ServerProcess.start({ env });
  client = connect({ url: server.url });
});
after(async () => {
  client?.close();
  await server?.[Symbol.asyncDispose]();
  await git?.[Symbol.asyncDispose]();
  elsewhere?.close();
  await rm(folder, { recursive: true, force: true });
});

const own = (id: string): string => join(server.home, "conversations", id, "workspace");

async function failureOf(workspace: WorkspaceChoice): Promise<string> {
  const { id } = await client.create({ settings: { workspace } });
  const failed = (await eventOf(
    client,
    id,
    (event) => !isAction(event) && event.observation === "error",
  )) as Observation<"error">;
  assert.equal(failed.extras.code, "workspace_failed");
  assert.ok(!existsSync(own(id)));
  assert.deepEqual(readdirSync(join(server.home, "making")), []);
  return failed.content;
}

test("[V37] a repository is cloned at its default branch, a branch, a tag or a commit, and the stages are reported", async () => {
  const url = git.url("public/.git");
  const id = await createIn(client, { git: url });
  assert.equal(
    await runIn(client, id, "cat a; git log --oneline | wc -l; git remote get-url origin"),
    `one\n1\n${url}\n`,
  );
  const stage = await eventOf(client, id, (event) => !isAction(event) && event.content === `Cloning ${url}`);
  assert.ok(!isAction(stage) && stage.observation === "status" && stage.extras.code === "workspace");
  for (const [ref, content] of [
    ["next", "next"],
    ["v1", "one"],
    [commits[0] ?? "", "next"],
  ] as const) {
    const at = await createIn(client, { git: url, ref });
    assert.equal(await runIn(client, at, "cat a"), `${content}\n`, ref);
  }
});

test("[V37] a failure says what to do; a redirect or a submodule reaches no other host", async () => {
  assert.match(await failureOf({ git: git.url("public/.git"), ref: "none" }), /no such branch, tag or commit/);
  assert.match(await failureOf({ git: git.url("none/.git") }), /not found|not there/i);
  assert.match(await failureOf({ git: git.url("private/x") }), /requires a login/);
  await failureOf({ git: git.url("away/x") });
  const { port } = elsewhere.address() as AddressInfo;
  assert.match(await failureOf({ git: `http://127.0.0.1:${port}/x` }), /DECKHAND_NETWORK/);
  await createIn(client, { git: git.url("public/.git"), ref: "next" });
  assert.equal(reached, 0);
});

test("[V37] hostile addresses and names are rejected immediately", async () => {
  const addresses = [
    "--upload-pack=touch /tmp/x",
    "-oProxyCommand=x",
    "ext::sh -c touch% /tmp/x",
    "file:///etc",
    "/etc",
    "ssh://-oProxyCommand=x/y",
    "git@github.com:a/b",
    "git://127.0.0.1/x",
    "fd::17",
    "https://user:secret@github.com/a/b",
    "https://token@github.com/a/b",
    "http::https://github.com/a/b",
    "https://github.com/a/b#--upload-pack=x",
    "",
  ];
  for (const address of addresses) {
    await assert.rejects(client.create({ settings: { workspace: { git: address } } }), { code: "bad_args" }, address);
  }
  for (const ref of [
    "--upload-pack=x",
    "-c",
    "a..b",
    "a b",
    "a\nb",
    "refs/heads/x.lock",
    "@{1}",
    "a:b",
    "^x",
    "\u202ex",
    "..",
  ]) {
    const choice = { git: "https://github.com/a/b", ref };
    await assert.rejects(client.create({ settings: { workspace: choice } }), { code: "bad_args" }, ref);
  }
});

test("[V38] a server that is killed while cloning leaves no partial workspace; the next message creates it", async () => {
  const home = join(folder, "killed");
  const first = await ServerProcess.start({ home, env });
  const early = connect({ url: first.url });
  const { id } = await early.create({ settings: { workspace: { git: git.url("stalled/x") } } });
  await eventually(() => git.asked.some((path) => path.startsWith("/stalled/")));
  assert.deepEqual(readdirSync(join(home, "making")), [id]);
  early.close();
  await first.end("SIGKILL");
  await using second = await ServerProcess.start({ home, env });
  const next = connect({ url: second.url });
  assert.ok(!existsSync(join(home, "making")) || readdirSync(join(home, "making")).length === 0);
  assert.ok(!existsSync(join(home, "conversations", id, "workspace")));
  await next.send(id, "initialize", { workspace: { git: git.url("public/.git") } });
  await waitUntilReady(next, id);
  assert.equal(await runIn(next, id, "cat a"), "one\n");
  next.close();
});

test("[V39] creating a workspace fails if it is too large or takes too long, and can be stopped", async () => {
  // A server for each limit: on a busy machine the copy alone may take longer than the time limit.
  await using small = await ServerProcess.start({ env: { ...env, DECKHAND_WORKSPACE_MIB: "2" } });
  await using quick = await ServerProcess.start({ env: { ...env, DECKHAND_WORKSPACE_SECONDS: "3" } });
  const large = join(folder, "large");
  makeRepository(large);
  writeFileSync(join(large, "large"), Buffer.alloc(8 * 1024 * 1024, "x"));
  const failureOn = async (
    { url, home }: ServerProcess,
    workspace: WorkspaceChoice,
    meanwhile?: (user: Client, id: string) => Promise<unknown>,
  ): Promise<string> => {
    const user = connect({ url });
    try {
      const { id } = await user.create({ settings: { workspace } });
      await meanwhile?.(user, id);
      const failed = await eventOf(user, id, (event) => !isAction(event) && event.observation === "error");
      assert.deepEqual(readdirSync(join(home, "making")), []);
      assert.ok(!existsSync(join(home, "conversations", id, "workspace")));
      return (failed as Observation).content;
    } finally {
      user.close();
    }
  };
  assert.match(await failureOn(small, { repository: large, as: "copy" }), /larger than 2 MiB/);
  assert.match(await failureOn(quick, { git: git.url("stalled/late") }), /not ready after 3 s/);
  const stopped = await failureOn(small, { git: git.url("stalled/stopped") }, async (user, id) => {
    await eventually(() => git.asked.some((path) => path.startsWith("/stalled/stopped")));
    await user.send(id, "change_agent_state", { agent_state: "stopped" });
  });
  assert.match(stopped, /was stopped/);
});

async function eventually(holds: () => boolean): Promise<void> {
  const until = performance.now() + 30_000;
  while (!holds() && performance.now() < until) await wait(20);
  assert.ok(holds());
}
