/** Plays a plan with real clients, and compares what each has received with the log at the end. */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { connect } from "@deckhand/client";
import { isAction, type Event } from "@deckhand/protocol";
import { until } from "../kit/processes.ts";
import { checkLines, checkLog, describeLog } from "./check.ts";
import type { Plan, Step } from "./plan.ts";
import { Reader } from "./reader.ts";
import type { World } from "./world.ts";

/** The server may be restarted meanwhile, on a busy machine. */
const settleMs = 60_000;

export async function play(plan: Plan, conversation: string, world: World): Promise<void> {
  const run = new Run(plan, conversation, world);
  try {
    await run.play();
  } finally {
    await run.close();
  }
}

type Sent = Promise<{ readonly command: string; readonly id: number }>;

class Run {
  readonly #plan: Plan;
  readonly #conversation: string;
  readonly #world: World;
  readonly #readers: Reader[] = [];
  readonly #sent: Sent[] = [];
  #commands = 0;

  constructor(plan: Plan, conversation: string, world: World) {
    this.#plan = plan;
    this.#conversation = conversation;
    this.#world = world;
  }

  async play(): Promise<void> {
    const folder = await this.#world.folder(this.#conversation);
    const settings = { directory: folder, approval: this.#plan.asks ? "always" : "never" } as const;
    const client = connect(this.#world.connection);
    await client.send(this.#conversation, "initialize", settings);
    client.close();
    const first = this.#join();
    for (let at = 1; at < this.#plan.clients; at += 1) this.#join();
    this.#send([first], "start", { task: "begin" });
    for (const step of this.#plan.steps) {
      await delay(step.waitMs);
      await this.#step(step);
    }
    await this.#end(first, folder).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${describeLog(first.seen)}`, { cause: error });
    });
  }

  async close(): Promise<void> {
    for (const reader of this.#readers) await reader.leave().catch(() => {});
  }

  async #step({ kind, by, also, answers, waitMs }: Step): Promise<void> {
    const reader = this.#reader(by);
    const who = also === null ? [reader] : [reader, this.#reader(also)];
    switch (kind) {
      case "message":
        return this.#send(who, "message", { content: `message ${this.#commands}` });
      case "last_moment": {
        await reader.next((event) => isAction(event) && event.source === "agent" && event.action !== "run", 60);
        return this.#send(who, "message", { content: `late message ${this.#commands}` });
      }
      case "run":
        return this.#send(who, "run", { command: `echo u${this.#commands} >> lines` });
      case "pause":
        return this.#send(who, "change_agent_state", { agent_state: "paused" });
      case "go_on":
        return this.#send(who, "change_agent_state", { agent_state: "running" });
      case "stop":
        return this.#send(who, "change_agent_state", { agent_state: "stopped" });
      case "answer": {
        if (reader.state.awaiting === null)
          await reader.next((event) => isAction(event) && event.approval !== undefined, 60);
        const id = reader.state.awaiting?.id;
        if (id === undefined) return;
        for (const [at, decision] of answers.entries())
          this.#send([this.#reader(by + at)], "approve", { id, decision, reason: "" });
        return;
      }
      case "stray_answer":
        return this.#send(who, "approve", { id: waitMs, decision: "allow", reason: "" });
      case "leave_and_return":
        return reader.comeBack();
      case "join":
        this.#join();
        return;
      case "lag":
        return reader.lag(delay(waitMs * 5));
      case "cut":
        return this.#world.cut();
    }
  }

  #reader(at: number): Reader {
    const reader = this.#readers[at % this.#readers.length];
    assert.ok(reader !== undefined);
    return reader;
  }

  #join(): Reader {
    const reader = new Reader(this.#conversation, this.#world.connection);
    this.#readers.push(reader);
    return reader;
  }

  /** One command, sent by all of them at once. */
  #send(
    who: readonly Reader[],
    action: "start" | "message" | "run" | "change_agent_state" | "approve",
    args: object,
  ): void {
    this.#commands += 1;
    const command = `command ${this.#commands}`;
    for (const { client } of who) {
      const sent = client.send(this.#conversation, action, args, { command }).then((id) => ({ command, id }));
      sent.catch(() => {});
      this.#sent.push(sent);
    }
  }

  async #end(first: Reader, folder: string): Promise<void> {
    const acknowledged = await Promise.allSettled(this.#sent);
    const stopped = await first.client.send(this.#conversation, "change_agent_state", { agent_state: "stopped" });
    await until(() => first.state.head >= stopped, settleMs);
    await until(() => first.state.open.length === 0 && first.state.agentState === "stopped", settleMs);
    const log = await this.#log();
    for (const [at, reader] of this.#readers.entries()) {
      await until(() => hasSeen(reader, log.length), settleMs);
      assert.deepEqual(reader.seen, log, `client ${at} has something else`);
    }
    for (const sent of acknowledged) {
      if (sent.status === "fulfilled") assert.equal(log[sent.value.id]?.command, sent.value.command);
      // Its client had disconnected, or nothing waited for an answer.
      else
        assert.match(
          (sent.reason as { code?: string }).code ?? "",
          /^(interrupted|conflict|already_done|busy|bad_args)$/,
        );
    }
    checkLog(log, this.#plan.asks);
    checkLines(log, await this.#world.lines(folder));
  }

  async #log(): Promise<readonly Event[]> {
    const reader = new Reader(this.#conversation, this.#world.connection);
    const [first] = this.#readers;
    try {
      await until(() => hasSeen(reader, first?.seen.length ?? 0), settleMs);
      return [...reader.seen];
    } finally {
      await reader.leave();
    }
  }
}

function hasSeen(reader: Reader, events: number): boolean {
  if (reader.failure !== undefined) throw new Error("a client was refused", { cause: reader.failure });
  return reader.seen.length >= events;
}
