/**
 * Plays the client's side of a recorded conversation against a server and compares the server's frames with the recorded
 * ones: the same frames in the same order, with the same texts, and causes that name the same actions.
 *
 * Ids and times may differ; ids must increase. White space in outputs is not compared, because OpenHands ran commands in
 * a terminal, nor are fields that its runtime filled in.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { RawSocket, type Frame } from "./raw-socket.ts";
import type { ServerProcess } from "./server-process.ts";

interface Line {
  readonly conn: number;
  readonly dir: "open" | "client" | "server" | "close";
  readonly url?: string;
  readonly subprotocols?: readonly string[];
  readonly frame?: Frame;
  readonly text?: string;
  readonly code?: number;
}

/** Intended differences of this server, by line number from 1. */
export interface Difference {
  readonly why: string;
  /** The frames instead of this line or, for a line of the client, the answers to it. Only these fields are compared. */
  readonly answers?: readonly Frame[];
  /** The client's line is not sent. */
  readonly unsent?: true;
}

export interface PlayOptions {
  readonly file: string;
  readonly server: ServerProcess;
  /** First and last line to play. */
  readonly lines: readonly [from: number, to: number];
  readonly differences?: Readonly<Record<number, Difference>>;
}

export async function playTranscript({ file, server, lines, differences = {} }: PlayOptions): Promise<void> {
  const path = join(import.meta.dirname, "../fixtures/classic", `${file}.jsonl`);
  const all = readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
  const player = new Player(server);
  for (const [index, line] of all.entries()) {
    const number = index + 1;
    if (number < lines[0] || number > lines[1]) continue;
    try {
      await player.play(line, differences[number]);
      // Frames that were recorded seconds apart are sent apart, even if no visible frame answers the first.
      if (line.dir === "client" && all[number]?.dir !== "server") await player.rest(line);
    } catch (error) {
      throw new Error(`${file}, line ${number}: ${String(error)}`, { cause: error });
    }
  }
  player.end();
}

interface LogPage {
  readonly events: readonly Frame[];
}

class Player {
  readonly #server: ServerProcess;
  readonly #connections = new Map<number, { readonly socket: RawSocket; at: number; lastId: number }>();
  /** Ids of this server by the recorded ids. */
  readonly #ids = new Map<number, number>();
  readonly #tokens = new Map<string, string>();
  /** The number of logged actions of the client, by token and kind. */
  readonly #stored = new Map<string, number>();

  constructor(server: ServerProcess) {
    this.#server = server;
  }

  async play(line: Line, difference: Difference | undefined): Promise<void> {
    switch (line.dir) {
      case "open":
        return this.#open(line, difference);
      case "client":
        if (difference?.unsent === true) return;
        this.#connection(line.conn).socket.send(line.frame ?? line.text ?? "");
        for (const answer of difference?.answers ?? []) matches(await this.#next(line.conn), answer);
        return;
      case "server":
        if (difference === undefined) return this.#same(line.frame ?? {}, await this.#next(line.conn));
        for (const answer of difference.answers ?? []) matches(await this.#next(line.conn), answer);
        return;
      case "close":
        return this.#close(line, difference);
    }
  }

  /** Resolves once everything sent is stored or rejected and every action of the conversation has its observation. */
  async rest({ conn, frame }: Line): Promise<void> {
    const { frames } = this.#connection(conn).socket;
    const { token } = frames[0] ?? {};
    if (typeof token !== "string") return;
    const kind = String(frame?.["action"] ?? "");
    const before = this.#stored.get(`${token} ${kind}`) ?? 0;
    const { sid } = JSON.parse(atob(token.split(".")[1] ?? "")) as { sid: string };
    const url = new URL(`/api/conversations/${sid}/events?limit=1000`, this.#server.url);
    for (;;) {
      const { events = [] } = (await (await fetch(url)).json()) as Partial<LogPage>;
      const answered = new Set(events.map((event) => event["cause"]));
      const open = events.filter((event) => runnable.has(event["action"]) && !answered.has(event["id"]));
      const stored = events.filter((event) => event["action"] === kind && event["source"] === "user").length;
      const arrived = !runnable.has(kind) || stored > before || frames.at(-1)?.["error"] === true;
      if (open.length > 0 || !arrived) continue;
      this.#stored.set(`${token} ${kind}`, stored);
      return;
    }
  }

  end(): void {
    for (const { socket } of this.#connections.values()) socket[Symbol.dispose]();
  }

  async #open({ conn, url = "", subprotocols = [] }: Line, difference: Difference | undefined): Promise<void> {
    if (difference?.unsent === true) return;
    const target = new URL(url.replace("ws://HOST", this.#server.url.replace("http", "ws")));
    const token = target.searchParams.get("token");
    if (token !== null) target.searchParams.set("token", this.#tokens.get(token) ?? token);
    const after = Number(target.searchParams.get("latest_event_id") ?? Number.NaN);
    if (!Number.isNaN(after)) target.searchParams.set("latest_event_id", String(this.#idBefore(after)));
    const protocols = subprotocols.map((value) => this.#tokens.get(value) ?? value);
    if (subprotocols.length > 0 && subprotocols.length < 3) {
      await assert.rejects(RawSocket.open(target.href, protocols), /403/);
      return;
    }
    const socket = await RawSocket.open(target.href, protocols);
    assert.equal(socket.protocol, subprotocols[0] ?? "");
    this.#connections.set(conn, { socket, at: 0, lastId: -1 });
  }

  async #close({ conn, code }: Line, difference: Difference | undefined): Promise<void> {
    const connection = this.#connections.get(conn);
    if (connection === undefined) return;
    if (code === 1000) {
      assert.equal(await connection.socket.closed, 1000);
      return;
    }
    if (difference === undefined) assert.notEqual(code, 1006, "the original broke down here");
    // Frames are processed in order, so everything sent before has been processed once this is answered.
    const from = connection.socket.frames.length;
    connection.socket.send("the end");
    await connection.socket.next((frame) => frame["message"] === "Invalid JSON", { from });
    connection.socket.close();
  }

  #connection(conn: number) {
    return this.#connections.get(conn) ?? assert.fail(`connection ${conn} is not open`);
  }

  async #next(conn: number): Promise<Frame> {
    const connection = this.#connection(conn);
    const frame = await connection.socket.next(() => true, { from: connection.at });
    connection.at += 1;
    if (typeof frame["id"] === "number") {
      assert.ok(frame["id"] > connection.lastId, `id ${frame["id"]} after ${connection.lastId}`);
      connection.lastId = frame["id"];
    }
    return frame;
  }

  #same(recorded: Frame, came: Frame): void {
    const { id, cause, ...rest } = recorded;
    if (typeof rest["token"] === "string") {
      this.#tokens.set(rest["token"], came["token"]);
      assert.equal(came["status"], "ok");
      return;
    }
    matches(came, JSON.parse(JSON.stringify(rest).replaceAll("/workspace", this.#server.workspace)) as Frame);
    if (typeof id === "number") this.#ids.set(id, came["id"]);
    else assert.equal(came["id"], id);
    assert.equal(typeof came["cause"], typeof cause);
    if (cause === undefined) return;
    assert.ok(came["cause"] < came["id"]);
    const action = this.#ids.get(cause);
    if (action !== undefined) assert.equal(came["cause"], action, "the cause names another action");
  }

  /** The id on this server of the last recorded event up to this one. */
  #idBefore(recorded: number): number {
    const before = [...this.#ids.keys()].filter((id) => id <= recorded);
    return this.#ids.get(Math.max(...before)) ?? -1;
  }
}

const runnable = new Set(["run", "read", "write", "run_ipython", "browse"]);
const ownToServer = new Set(["timestamp", "timeout", "tool_call_metadata", "interpreter_details"]);

/** Compares only the expected fields; others are ignored. */
function matches(came: unknown, expected: unknown, where = "the frame"): void {
  if (typeof expected === "string" && typeof came === "string") {
    assert.equal(plain(came), plain(expected), where);
  } else if (typeof expected === "object" && expected !== null && !Array.isArray(expected)) {
    assert.ok(typeof came === "object" && came !== null, `${where} is ${JSON.stringify(came)}`);
    for (const [name, value] of Object.entries(expected)) {
      assert.ok(name === "tool_call_metadata" || name in came, `${where} has no ${name}: ${JSON.stringify(came)}`);
      if (!ownToServer.has(name)) matches((came as Frame)[name], value, `${where}: ${name}`);
    }
  } else {
    assert.deepEqual(came, expected, where);
  }
}

function plain(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}
