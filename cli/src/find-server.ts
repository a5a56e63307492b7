/** The server to use: the one that was named, the one that runs here, or one of our own for as long as we need it. */
import { setTimeout as wait } from "node:timers/promises";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { connect, type Client } from "@deckhand/client";
import { DeckhandError } from "@deckhand/protocol";

export interface FoundServer extends AsyncDisposable {
  readonly url: string;
  readonly client: Client;
  /** It was started by us and ends with us. */
  readonly own: boolean;
}

/**
 * Where nothing listens it is known at once. What listens may be a server that has just started and tries its sandbox
 * out, on a machine that does other things too; or something else, that never answers.
 */
const probeMs = { named: 20_000, looked: 5_000 } as const;
/** A first start makes folders and a database; it takes well under a second. */
const startMs = 20_000;
const stopMs = 5_000;

/** Fails with an `Error` that says what to do. */
export async function findServer(url: string | undefined, maySpawn: boolean): Promise<FoundServer> {
  const at = url ?? configuredUrl();
  const client = clientOf(at);
  if (await answers(client, at, url === undefined ? probeMs.looked : probeMs.named)) return open(at, client, undefined);
  client.close();
  if (url !== undefined || !maySpawn) {
    throw new Error(
      `No Deckhand server answers at ${at}. Start one with \`deckhand serve\`, or give its address with --url.`,
    );
  }
  const child = spawn(process.execPath, [join(import.meta.dirname, "main.ts"), "serve", "--port", "0"], {
    // A Ctrl-C at the terminal is for us; we end the server when the work is stopped.
    detached: true,
    env: { ...process.env, HOST: "127.0.0.1" },
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  const own = await urlOf(child);
  return open(own, clientOf(own), child);
}

function configuredUrl(): string {
  const host = process.env["HOST"] || "127.0.0.1";
  const reachable = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `http://${reachable.includes(":") ? `[${reachable}]` : reachable}:${process.env["PORT"] || "3000"}`;
}

/** True for a Deckhand server; false when nothing or something else is there. Fails when it does not let us in. */
async function answers(client: Client, url: string, withinMs: number): Promise<boolean> {
  try {
    const health = await client.health(AbortSignal.timeout(withinMs));
    return health?.status === "ok" && typeof health.model === "object";
  } catch (error) {
    const refused = error instanceof DeckhandError && (error.code === "unauthorized" || error.code === "forbidden");
    if (!refused) return false;
    client.close();
    throw new Error(`The server at ${url} does not let us in: ${error.message} Set DECKHAND_TOKEN to its token.`, {
      cause: error,
    });
  }
}

async function urlOf(child: ChildProcess): Promise<string> {
  let stderr = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-4_000);
  });
  const gone = new AbortController();
  try {
    const url = await Promise.race([
      once(child, "message", { signal: gone.signal }).then(([message]: { url: string }[]) => message?.url),
      once(child, "exit", { signal: gone.signal }).then(() => undefined),
      wait(startMs, undefined, { signal: gone.signal }),
    ]);
    if (url !== undefined) return url;
    child.kill("SIGKILL");
    throw new Error(`The server could not be started.\n${stderr.trim()}`);
  } finally {
    gone.abort();
  }
}

function open(url: string, client: Client, child: ChildProcess | undefined): FoundServer {
  return {
    url,
    client,
    own: child !== undefined,
    [Symbol.asyncDispose]: async () => {
      client.close();
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), stopMs);
      await exited;
      clearTimeout(timer);
    },
  };
}

function clientOf(url: string): Client {
  const token = process.env["DECKHAND_TOKEN"];
  try {
    return connect({ url, ...(token === undefined || token === "" ? {} : { token }) });
  } catch {
    throw new Error(`"${url}" is not an address such as http://127.0.0.1:3000.`);
  }
}
