/** The workspace chosen for a new conversation, on the real server with its sandbox. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { connect, type Client } from "@deckhand/client";
import { isAction } from "@deckhand/protocol";
import { createIn, eventOf, waitUntilReady, makeRepository, runIn } from "./kit/workspaces.ts";
import { ServerProcess } from "./kit/server-process.ts";

let server: ServerProcess;
let client: Client;
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "deckhand-places-"));
  server = await ServerProcess.start({ env: { LLM_MODEL: "demo" } });
  client = connect({ url: server.url });
});
after(async () => {
  client?.close();
  await server?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const own = (id: string): string => join(server.home, "conversations", id, "workspace");

test("[V30] the default workspace is used if none is chosen; a given folder is created, and may be shared", async () => {
  const { id } = await client.create();
  assert.equal(await runIn(client, id, "pwd"), `${server.workspace}\n`);
  const given = join(folder, "given", "deep");
  const one = await createIn(client, { folder: given });
  const two = await createIn(client, { folder: given });
  await eventOf(client, two, (event) => !isAction(event) && event.content.includes(one));
  await runIn(client, one, "echo seen > file");
  assert.equal(await runIn(client, two, "pwd; cat file"), `${given}\nseen\n`);
});

test("[V31] a home folder, system folders, the server's data, and folders inside or above another conversation's are refused", async () => {
  const given = join(folder, "own");
  await createIn(client, { folder: given });
  const empty = await createIn(client, {});
  symlinkSync(given, join(folder, "alias"));
  symlinkSync(own(empty), join(folder, "data-alias"));
  for (const path of [
    "/",
    "/etc/x",
    homedir(),
    join(homedir(), ".ssh"),
    server.home,
    join(server.home, "uploads"),
    own(empty),
    "not/absolute",
    "/tmp/nul\0",
  ]) {
    await assert.rejects(client.create({ settings: { workspace: { folder: path } } }), { code: "bad_args" }, path);
    await assert.rejects(
      client.create({ settings: { workspace: { repository: path, as: "copy" } } }),
      { code: "bad_args" },
      path,
    );
  }
  for (const path of [join(given, "inner"), folder]) {
    await assert.rejects(client.create({ settings: { workspace: { folder: path } } }), { code: "conflict" }, path);
  }
  for (const path of [join(folder, "alias", "inner"), join(folder, "data-alias")]) {
    const { id } = await client.create({ settings: { workspace: { folder: path } } });
    const failed = await eventOf(client, id, (event) => !isAction(event) && event.observation === "error");
    assert.match(JSON.stringify(failed), /is inside|cannot be/);
  }
});

test("[V32] two conversations on one repository are independent, each on its own branch", async () => {
  const repository = join(folder, "repository");
  const git = makeRepository(repository);
  const one = await createIn(client, { repository, as: "worktree" });
  const two = await createIn(client, { repository, as: "worktree" });
  await runIn(client, one, "echo two >> a; git commit -qam two; git branch -f main HEAD");
  assert.equal(
    await runIn(client, two, "cat a; git branch --show-current; git log --oneline --all | wc -l"),
    `one\ndeckhand/${two}\n1\n`,
  );
  assert.equal(readFileSync(join(repository, "a"), "utf8"), "one\n");
  assert.equal(git("branch", "--list", "--format=%(refname:short)"), "main\n");
  assert.match(await runIn(client, one, `ls ${repository}`), /No such file/, "the repository is not in the sandbox");
});

test("[V33] deleting a conversation leaves the commits of its worktree in the repository; uncommitted changes prevent it", async () => {
  const repository = join(folder, "home-coming");
  const git = makeRepository(repository);
  const id = await createIn(client, { repository, as: "worktree" });
  await runIn(client, id, "echo two >> a; git commit -qam two; echo three > untracked");
  await assert.rejects(client.delete(id), { code: "conflict", message: /untracked.*discard/ });
  assert.ok(existsSync(own(id)));
  await runIn(client, id, "rm untracked");
  await client.delete(id);
  assert.equal(git("show", `deckhand/${id}:a`), "one\ntwo\n");
  assert.ok(!existsSync(join(server.home, "conversations", id)));
  assert.equal(git("status", "--porcelain"), "");
  const orphan = await createIn(client, { repository, as: "worktree" });
  await rm(repository, { recursive: true });
  await assert.rejects(client.delete(orphan), { code: "workspace_failed", message: /no repository/ });
  assert.equal(await runIn(client, orphan, "cat a"), "one\n");
  await client.delete(orphan, { discard: true });
  assert.ok(!existsSync(join(server.home, "conversations", orphan)));
});

test("[V34] a copy has the whole folder, an empty workspace has nothing, and a fork starts with a copy of a separate workspace", async () => {
  const repository = join(folder, "copied");
  makeRepository(repository);
  writeFileSync(join(repository, "uncommitted"), "here\n");
  const copy = await createIn(client, { repository, as: "copy" });
  assert.equal(
    await runIn(client, copy, "cat a uncommitted; git log --oneline | wc -l; echo more > a"),
    "one\nhere\n1\n",
  );
  assert.equal(readFileSync(join(repository, "a"), "utf8"), "one\n");
  const empty = await createIn(client, {});
  assert.equal(await runIn(client, empty, "ls -A; echo mine > file"), "");
  const fork = await client.fork(empty);
  await waitUntilReady(client, fork.id);
  assert.equal(await runIn(client, fork.id, "cat file; pwd; echo other > file"), `mine\n${own(fork.id)}\n`);
  assert.equal(await runIn(client, empty, "cat file"), "mine\n");
});

test("[V35] a failed creation is reported, leaves nothing behind, and can be retried with a message or another choice", async () => {
  const repository = join(folder, "broken");
  makeRepository(repository);
  const { id } = await client.create({ settings: { workspace: { repository, as: "worktree", ref: "no-such" } } });
  const failed = await eventOf(client, id, (event) => !isAction(event) && event.observation === "error");
  assert.ok(!isAction(failed) && failed.observation === "error");
  assert.equal(failed.extras.code, "workspace_failed");
  assert.match(failed.content, /no such branch/);
  assert.deepEqual(readdirSync(join(server.home, "making")), []);
  assert.ok(!existsSync(own(id)));
  await client.send(id, "initialize", { workspace: { repository, as: "worktree" } });
  await isReadyAfter(id, failed.id);
  assert.equal(await runIn(client, id, "cat a"), "one\n");
  await assert.rejects(client.send(id, "initialize", { workspace: {} }), { code: "conflict" });
});

async function isReadyAfter(id: string, head: number): Promise<void> {
  await eventOf(
    client,
    id,
    (event) => event.id > head && !isAction(event) && event.content === "The workspace is ready",
  );
}
