/** The list of actions that are not implemented, compared with what the real server does. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { connect, type Client } from "@deckhand/client";
import { isAction, runnableActions, unavailableActions, type ActionArgs, type RunnableKind } from "@deckhand/protocol";
import { ServerProcess } from "./kit/server-process.ts";

let server: ServerProcess;
let client: Client;

before(async () => {
  server = await ServerProcess.start();
  client = connect({ url: server.url });
});
after(async () => {
  client?.close();
  await server?.[Symbol.asyncDispose]();
});

/** Arguments with which each action starts and ends quickly. */
const args: { readonly [K in RunnableKind]: Partial<ActionArgs<K>> } = {
  read: { path: "a.txt" },
  write: { path: "a.txt", content: "a" },
  edit: { path: "a.txt", old_str: "a", new_str: "b" },
  run: { command: "true" },
  job: { id: "none" },
  run_ipython: { code: "1" },
  browse: { url: "http://127.0.0.1:9/" },
  browse_interactive: { browser_actions: "noop()" },
  search: { pattern: "a" },
  plan: { tasks: [] },
  delegate: { agent: "nobody", task: "look" },
  call_tool: { server: "none", name: "none" },
  restore: { at: 0 },
};

test("[P16] exactly the actions listed as unavailable are answered with `not_available`", async () => {
  const unavailable: string[] = [];
  for (const kind of runnableActions) if ((await codeOf(kind)) === "not_available") unavailable.push(kind);
  assert.deepEqual(unavailable, [...unavailableActions]);
});

/** The error code of the observation; undefined for another observation. */
async function codeOf<K extends RunnableKind>(kind: K): Promise<string | undefined> {
  const { id } = await client.create({});
  await client.send(id, "initialize", {});
  const action = await client.send(id, kind, args[kind]);
  for await (const item of client.follow(id, { signal: AbortSignal.timeout(30_000) })) {
    if (item.type !== "event" || isAction(item.event) || item.event.cause !== action) continue;
    return item.event.observation === "error" ? item.event.extras.code : undefined;
  }
  assert.fail(`${kind} was not answered`);
}
