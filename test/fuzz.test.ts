/**
 * Clients that come, go, lag, send twice, stop and pause, by chance, while the server is killed and started again. At the
 * end everybody has the log, and the log has each thing once.
 *
 *   DECKHAND_FUZZ_ROUNDS=1000   more of it (a round takes about three seconds)
 *   DECKHAND_FUZZ_SEED=7        begin with this seed, which a failure prints; the machine's pace is not repeated
 */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { connect, type Client } from "@deckhand/client";
import { empty, fold, isAction, isRunnable, type Event } from "@deckhand/protocol";
import { flakyProxy, type FlakyProxy } from "./kit/flaky-proxy.ts";
import { ModelProcess, type ScriptReply } from "./kit/model-process.ts";
import { until } from "./kit/processes.ts";
import { ServerProcess } from "./kit/server-process.ts";

/** Seeds that found something once. */
const pastSeeds: readonly number[] = [10];
const rounds = Number(process.env["DECKHAND_FUZZ_ROUNDS"] ?? 3);
/** Without a wish for more, no round begins later than this: the machine may be slow. */
const mostMs = process.env["DECKHAND_FUZZ_ROUNDS"] === undefined ? 8_000 : Number.POSITIVE_INFINITY;
const firstSeed = Number(process.env["DECKHAND_FUZZ_SEED"] ?? Date.now() % 1_000_000);
const seeds = [...pastSeeds, ...Array.from({ length: rounds }, (_, at) => firstSeed + at)];

const token = "a-token-of-this-test-only";
const conversation = "c";
const runLine = (name: string, then = "") => ({ name: "run", arguments: { command: `echo ${name} >> lines${then}` } });

/** Replies that run one, three or no command, each with a line of its own. */
const script: readonly ScriptReply[] = Array.from({ length: 400 }, (_, n): ScriptReply => {
  if (n % 5 === 4) return { text: `Done ${n}.` };
  if (n % 5 === 2) return { calls: [runLine(`m${n}a`), runLine(`m${n}b`, "; sleep 0.05"), runLine(`m${n}c`)] };
  return { calls: [runLine(`m${n}`, n % 5 === 1 ? "; sleep 0.1" : "")], chunk_ms: 1 };
});

let model: ModelProcess;
before(async () => {
  model = await ModelProcess.start(script);
});
after(() => model?.[Symbol.asyncDispose]());

/** In [0, below), the same for the same seed. */
function chance(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** A client with what it has been shown. */
class Follower {
  readonly client: Client;
  readonly seen: Event[] = [];
  readonly #leave = new AbortController();
  readonly #following: Promise<void>;

  /** `lagMs` is slept now and then, by a reader that is slow. */
  constructor(client: Client, lagMs: number) {
    this.client = client;
    this.#following = this.#follow(lagMs).catch((error: unknown) => {
      if (!this.#leave.signal.aborted) throw error;
    });
    this.#following.catch(() => {});
  }

  async #follow(lagMs: number): Promise<void> {
    for await (const item of this.client.follow(conversation, { signal: this.#leave.signal })) {
      if (item.type !== "event") continue;
      this.seen.push(item.event);
      if (lagMs > 0 && this.seen.length % 3 === 0) await delay(lagMs);
    }
  }

  async leave(): Promise<void> {
    this.#leave.abort();
    this.client.close();
    await this.#following;
  }
}

class Round {
  readonly #chance: (below: number) => number;
  readonly #home: string;
  readonly #proxy: FlakyProxy;
  #server: ServerProcess;
  #followers: Follower[] = [];
  readonly #sent: Promise<{ readonly command: string; readonly id: number }>[] = [];
  #commands = 0;

  private constructor(seed: number, home: string, proxy: FlakyProxy, server: ServerProcess) {
    this.#chance = chance(seed);
    this.#home = home;
    this.#proxy = proxy;
    this.#server = server;
  }

  static async play(seed: number): Promise<void> {
    const home = await mkdtemp(join(tmpdir(), "deckhand-fuzz-"));
    let port = 0;
    await using proxy = await flakyProxy(() => port);
    const server = await startServer(home, proxy);
    ({ port } = server);
    const round = new Round(seed, home, proxy, server);
    try {
      await round.#play((next) => ({ port } = next));
    } finally {
      for (const follower of round.#followers) await follower.leave().catch(() => {});
      await round.#server.end("SIGKILL");
      await rm(home, { recursive: true, force: true });
    }
  }

  async #play(moved: (server: ServerProcess) => void): Promise<void> {
    const first = this.#client();
    this.#send(first, "start", { task: "begin" });
    await this.#sent[0];
    for (let at = 0; at < 3; at += 1) this.#join();
    for (let step = 0; step < 25; step += 1) {
      await delay(this.#chance(60));
      await this.#step(moved);
    }
    first.close();
    await this.#end();
  }

  async #step(moved: (server: ServerProcess) => void): Promise<void> {
    const follower = this.#followers[this.#chance(this.#followers.length)];
    const client = follower?.client;
    if (follower === undefined || client === undefined) return this.#join();
    const dice = this.#chance(20);
    if (dice < 6) this.#send(client, "message", { content: `message ${this.#commands}` });
    else if (dice < 8) this.#send(client, "run", { command: `echo u${this.#commands} >> lines` });
    else if (dice < 10) this.#send(client, "change_agent_state", { agent_state: "paused" });
    else if (dice < 13) this.#send(client, "change_agent_state", { agent_state: "running" });
    else if (dice < 14) this.#send(client, "change_agent_state", { agent_state: "stopped" });
    else if (dice < 16) this.#proxy.cut();
    else if (dice < 17) this.#join();
    else if (dice < 18 && this.#followers.length > 2) {
      this.#followers = this.#followers.filter((each) => each !== follower);
      // What it has sent may be stored or not; nobody waits for it.
      await follower.leave();
    } else {
      await this.#server.end("SIGKILL");
      this.#server = await startServer(this.#home, this.#proxy);
      moved(this.#server);
    }
  }

  #client(): Client {
    return connect({ url: `http://127.0.0.1:${this.#proxy.port}`, token, retry: { minMs: 5, maxMs: 50 } });
  }

  #join(): void {
    this.#followers.push(new Follower(this.#client(), this.#chance(3) === 0 ? 20 : 0));
  }

  /** Half of the time twice, by two clients at once. */
  #send(client: Client, action: "start" | "message" | "run" | "change_agent_state", args: object): void {
    this.#commands += 1;
    const command = `command ${this.#commands}`;
    const other = this.#followers[this.#chance(this.#followers.length + 1)]?.client;
    const both = other === undefined || this.#chance(2) === 0 ? [client] : [client, other];
    for (const each of both) {
      const sent = each.send(conversation, action, args, { command }).then((id) => ({ command, id }));
      this.#sent.push(sent);
      sent.catch(() => {});
    }
  }

  async #end(): Promise<void> {
    const [last] = this.#followers;
    if (last === undefined) return;
    const acknowledged = await Promise.allSettled(this.#sent);
    const stopped = await last.client.send(conversation, "change_agent_state", { agent_state: "stopped" });
    await until(() => (last.seen.at(-1)?.id ?? -1) >= stopped, 10_000);
    await until(() => fold(last.seen, empty).open.length === 0, 5_000);
    const log = await this.#log();
    for (const [at, follower] of this.#followers.entries()) {
      await until(() => follower.seen.length >= log.length, 10_000);
      assert.deepEqual(follower.seen, log, `client ${at}`);
    }
    for (const sent of acknowledged) {
      if (sent.status === "rejected") {
        // Its client had left.
        assert.equal((sent.reason as { code?: string }).code, "interrupted", String(sent.reason));
      } else assert.equal(log[sent.value.id]?.command, sent.value.command);
    }
    checkLog(log);
    const lines = await readFile(join(this.#server.workspace, "lines"), "utf8").catch(() => "");
    checkLines(log, lines.split("\n").slice(0, -1));
  }

  async #log(): Promise<readonly Event[]> {
    const events: Event[] = [];
    const client = this.#client();
    try {
      for await (const item of client.follow(conversation)) {
        if (item.type === "event") events.push(item.event);
        if (item.type === "caught_up") break;
      }
    } finally {
      client.close();
    }
    return events;
  }
}

function startServer(home: string, proxy: FlakyProxy): Promise<ServerProcess> {
  const door = { DECKHAND_TOKEN: token, DECKHAND_HOSTS: `127.0.0.1:${proxy.port}` };
  return ServerProcess.start({
    home,
    env: { ...model.env, ...door, DECKHAND_RUNTIME: "host", DECKHAND_APPROVAL: "never" },
  });
}

function checkLog(log: readonly Event[]): void {
  assert.deepEqual(
    log.map((event) => event.id),
    log.map((_, at) => at),
  );
  const commands = log.flatMap((event) => (event.command === undefined ? [] : [event.command]));
  assert.equal(new Set(commands).size, commands.length, "a command happened twice");
  for (const action of log) {
    if (!isAction(action) || !isRunnable(action.action)) continue;
    const answers = log.filter((event) => !isAction(event) && event.cause === action.id);
    assert.equal(answers.length, 1, `action ${action.id} has ${answers.length} observations`);
  }
  const calls = log.flatMap((event) =>
    isAction(event) && event.tool_call !== undefined ? [`${event.tool_call.reply} ${event.tool_call.id}`] : [],
  );
  assert.equal(new Set(calls).size, calls.length, "a call was started twice");
}

function told(log: readonly Event[]): string {
  const kind = (event: Event): string =>
    isAction(event) ? event.action : `→${event.observation} ${event.cause ?? ""}`;
  return log.map((event) => `${event.id} ${event.source} ${kind(event)} ${event.message.slice(0, 60)}`).join("\n");
}

/** Each line at most once, by an action of the log; those that are known to have run, once. */
function checkLines(log: readonly Event[], lines: readonly string[]): void {
  assert.equal(new Set(lines).size, lines.length, `a line is there twice: ${lines.join(" ")}\n${told(log)}`);
  const asked = new Set<string>();
  for (const action of log) {
    if (!isAction(action) || action.action !== "run") continue;
    const name = /echo (\w+)/.exec(action.args.command)?.[1] ?? "";
    asked.add(name);
    const answer = log.find((event) => !isAction(event) && event.cause === action.id);
    const ran =
      answer !== undefined && !isAction(answer) && answer.observation === "run" && answer.extras.exit_code === 0;
    if (ran) assert.ok(lines.includes(name), `${name} is not there`);
  }
  assert.deepEqual(
    lines.filter((name) => !asked.has(name)),
    [],
    "what nobody asked for was run",
  );
}

test(`[X22] rounds of chance from seed ${firstSeed}: everybody ends with the log, and it has each thing once`, async () => {
  const startedAt = performance.now();
  for (const seed of seeds) {
    if (performance.now() - startedAt > mostMs) return;
    await Round.play(seed).catch((error: unknown) => {
      throw new Error(`DECKHAND_FUZZ_SEED=${seed}: ${String(error)}`, { cause: error });
    });
  }
});
