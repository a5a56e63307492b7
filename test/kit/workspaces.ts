/** Conversations with a chosen workspace, and commands that run in it. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "@deckhand/client";
import { isAction, type Event, type Observation, type WorkspaceChoice } from "@deckhand/protocol";

const deadlineMs = 60_000;

/** The output of a command in the conversation's workspace. */
export async function runIn(client: Client, id: string, command: string): Promise<string> {
  const action = await client.send(id, "run", { command });
  const result = await eventOf(client, id, (event) => !isAction(event) && event.cause === action);
  return (result as Observation).content;
}

/** A new conversation whose workspace is ready. */
export async function createIn(client: Client, workspace: WorkspaceChoice): Promise<string> {
  const { id } = await client.create({ settings: { workspace } });
  await waitUntilReady(client, id);
  return id;
}

export async function waitUntilReady(client: Client, id: string): Promise<void> {
  const event = await eventOf(
    client,
    id,
    (each) => !isAction(each) && (each.observation === "error" || each.content === "The workspace is ready"),
  );
  assert.equal((event as Observation).observation, "status", JSON.stringify(event));
}

/** The first matching event of the conversation. */
export async function eventOf(client: Client, id: string, wanted: (event: Event) => boolean): Promise<Event> {
  for await (const item of client.follow(id, { signal: AbortSignal.timeout(deadlineMs) })) {
    if (item.type === "event" && wanted(item.event)) return item.event;
  }
  throw new Error("the event did not come");
}

/** A repository with one commit: `a` says "one". */
export function makeRepository(path: string): (...args: readonly string[]) => string {
  mkdirSync(path, { recursive: true });
  const git = (...args: readonly string[]): string =>
    execFileSync("git", ["-C", path, "-c", "user.name=t", "-c", "user.email=t@t.invalid", ...args], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: process.env["PATH"], GIT_CONFIG_GLOBAL: "/dev/null" },
    });
  git("init", "--quiet", "--initial-branch=main");
  writeFileSync(join(path, "a"), "one\n");
  git("add", ".");
  git("commit", "--quiet", "-m", "one");
  return git;
}
