/** Finds the server to use: the given one, the one that runs here, or one started for the duration of the command. */
import { setTimeout as wait } from "node:timers/promises";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { connect, type Client } from "@deckhand/client";
import { DeckhandError } from "@deckhand/protocol";

export interface FoundServer extends AsyncDisposable {
  readonly url: string;
  readonly client: Client;
  /** Started by this command, and stopped at its end. */
  readonly own: boolean;
}

/**
 * How long to wait for a health check. A closed port is refused at once; but a server that has just started may be busy
 * verifying its sandbox, and another program on that port may never answer.
 */
const probeMs = { given: 20_000, default: 5_000 } as const;
/** The first start creates folders and a database, which takes well under a second. */
const startMs = 20_000;
const stopMs = 5_000;

/** Fails with an `Error` that says what to do. */
export async function findServer(url: string | undefined, maySpawn: boolean): Promise<FoundServer> {
  const at = url ?? configuredUrl();
  const client = clientOf(at);
  if (await answers(client, at, url === undefined ? probeMs.default : probeMs.given))
    return open(at, client, undefined);
  client.close();
  if (url !== undefined || !maySpawn) {
    throw new Error(`No Deckhand server at ${at}. Start one with \`deckhand serve\`, or pass its address with --url.`);
  }
  const child = spawn(process.execPath, [join(import.meta.dirname, "main.ts"), "serve", "--port", "0"], {
    // Ctrl-C at the terminal must not reach the server; it is stopped once the work has stopped.
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

/** Whether a Deckhand server answers. Fails if it refuses access. */
async function answers(client: Client, url: string, withinMs: number): Promise<boolean> {
  try {
    const health = await client.health(AbortSignal.timeout(withinMs));
    return health?.status === "ok" && typeof health.model === "object";
  } catch (error) {
    const refused = error instanceof DeckhandError && (error.code === "unauthorized" || error.code === "forbidden");
    if (!refused) return false;
    client.close();
    throw new Error(`The server at ${url} refused access: ${error.message} Set DECKHAND_TOKEN to its token.`, {
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
    throw new Error(`The server did not start.\n${stderr.trim()}`);
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
    throw new Error(`"${url}" is not a server address such as http://127.0.0.1:3000.`);
  }
}
