/** A server behind a proxy that cuts connections. The server may be killed and restarted during the test. */
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { ConnectOptions } from "@deckhand/client";
import { flakyProxy, type FlakyProxy } from "../kit/flaky-proxy.ts";
import { ModelProcess, type ScriptReply } from "../kit/model-process.ts";
import { ServerProcess } from "../kit/server-process.ts";

const token = "a-token-of-this-test-only";
const runLine = (name: string, then = "") => ({ name: "run", arguments: { command: `echo ${name} >> lines${then}` } });

/** Replies that run one, three or no commands, each with its own line, and sometimes finish the task. */
const script: readonly ScriptReply[] = Array.from({ length: 400 }, (_, n): ScriptReply => {
  if (n % 10 === 9) return { calls: [{ name: "finish", arguments: { thought: `Finished ${n}.` } }] };
  if (n % 5 === 4) return { text: `Done ${n}.`, chunk_ms: 1, chunk_size: 4 };
  if (n % 5 === 2) return { calls: [runLine(`m${n}a`), runLine(`m${n}b`, "; sleep 0.02"), runLine(`m${n}c`)] };
  return { calls: [runLine(`m${n}`, n % 5 === 1 ? "; sleep 0.04" : "")], delay_ms: n % 5 === 0 ? 10 : 0 };
});

export class World implements AsyncDisposable {
  readonly #model: ModelProcess;
  readonly #home: string;
  readonly #proxy: FlakyProxy;
  #server: ServerProcess;
  #ending = new AbortController();
  #killing: Promise<void> = Promise.resolve();
  /** How often the server was killed. */
  kills = 0;

  private constructor(model: ModelProcess, home: string, proxy: FlakyProxy, server: ServerProcess) {
    this.#model = model;
    this.#home = home;
    this.#proxy = proxy;
    this.#server = server;
  }

  static async start(): Promise<World> {
    const model = await ModelProcess.start(script);
    const home = await mkdtemp(join(tmpdir(), "deckhand-fuzz-"));
    let port = 0;
    const proxy = await flakyProxy(() => port);
    const world: World = new World(model, home, proxy, await serve(model, home, proxy));
    world.#moved = (server) => ({ port } = server);
    world.#moved(world.#server);
    return world;
  }

  #moved: (server: ServerProcess) => void = () => {};

  /**
   * Keeps killing and restarting the server. It lives for as long as it took to start, so that clients get through on a
   * slow machine, plus a random time.
   */
  keepKilling(moreMs: () => number): void {
    const { signal } = this.#ending;
    this.#killing = (async () => {
      for (;;) {
        await delay(this.#server.listeningMs + moreMs(), undefined, { signal }).catch(() => {});
        if (signal.aborted) return;
        await this.#server.end("SIGKILL");
        this.kills += 1;
        this.#server = await serve(this.#model, this.#home, this.#proxy);
        this.#moved(this.#server);
      }
    })();
  }

  /** The address for clients. */
  get connection(): ConnectOptions {
    return { url: `http://127.0.0.1:${this.#proxy.port}`, token, retry: { minMs: 5, maxMs: 50 } };
  }

  /** Cuts the connections of all clients. */
  cut(): void {
    this.#proxy.cut();
  }

  /** A folder in the workspace. */
  async folder(name: string): Promise<string> {
    const path = join(this.#server.workspace, name);
    await mkdir(path, { recursive: true });
    return path;
  }

  /** The lines that commands have written in the folder. */
  async lines(folder: string): Promise<readonly string[]> {
    return (await readFile(join(folder, "lines"), "utf8").catch(() => "")).split("\n").slice(0, -1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#killing;
    await this.#server.end("SIGKILL");
    await this.#proxy[Symbol.asyncDispose]();
    await this.#model[Symbol.asyncDispose]();
    await rm(this.#home, { recursive: true, force: true, maxRetries: 5 });
  }
}

function serve(model: ModelProcess, home: string, proxy: FlakyProxy): Promise<ServerProcess> {
  const access = { DECKHAND_TOKEN: token, DECKHAND_HOSTS: `127.0.0.1:${proxy.port}` };
  return ServerProcess.start({
    home,
    env: { ...model.env, ...access, DECKHAND_RUNTIME: "host", DECKHAND_APPROVAL: "never" },
  });
}
