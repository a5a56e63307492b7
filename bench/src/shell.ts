/** The overhead of a command, from the log of a real server, compared with plain bash in the same run. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Client } from "@deckhand/client";
import type { Observation } from "@deckhand/protocol";
import { median, percentile, table } from "./table.ts";

const commands = 200;
const conversations = 15;
const pauseMs = 400;

/** Needs a server whose sandbox has been verified. */
export async function measureShell(client: Client): Promise<string> {
  const one = crypto.randomUUID();
  await run(client, one, "true");
  const trueMs: number[] = [];
  for (let i = 0; i < commands; i += 1) trueMs.push((await run(client, one, "true")).extras.duration_ms);
  const inBackground = await run(client, one, "sleep 1000 &");
  const plainMs: number[] = [];
  for (let i = 0; i < commands / 4; i += 1) plainMs.push(await timed(plainBash));

  const readyMs: number[] = [];
  const newBashMs: number[] = [];
  for (let i = 0; i < conversations; i += 1) {
    // Once a conversation has started, the server prepares a sandbox for the next one.
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    readyMs.push(await timed(() => run(client, crypto.randomUUID(), "true")));
    newBashMs.push(await timed(plainBash));
  }
  return table(
    ["figure", "deckhand", "bash -c true"],
    [
      ["`true` in an existing shell, p50 / p95", spread(trueMs), spread(plainMs)],
      ["a new conversation: sandbox, shell and `true`, over the socket, p50 / p95", spread(readyMs), spread(newBashMs)],
      ["`sleep 1000 &` returns after", ms(inBackground.extras.duration_ms), "–"],
    ],
  );
}

async function run(client: Client, conversation: string, command: string): Promise<Observation<"run">> {
  const id = await client.send(conversation, "run", { command });
  for await (const item of client.follow(conversation, { after: id })) {
    if (item.type !== "event" || !("observation" in item.event) || item.event.cause !== id) continue;
    if (item.event.observation === "run") return item.event;
    throw new Error(item.event.content);
  }
  throw new Error("the conversation ended");
}

async function plainBash(): Promise<void> {
  await once(spawn("bash", ["-c", "true"], { stdio: "ignore" }), "exit");
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

function spread(values: readonly number[]): string {
  return `${ms(median(values))} / ${ms(percentile(values, 95))}`;
}

function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 0)} ms`;
}
