/**
 * DECKHAND_HOME: what the server stores next to the logs.
 *
 *   server.json   {pid, url} of the server that uses the folder; touched every second while that server is alive
 *   token         grants access from anywhere (0600)
 *   jwt-secret    signs the tokens of classic clients (0600)
 */
import { randomBytes } from "node:crypto";
import { link, readFile, rm, stat, unlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** The interval between two signs of life. */
const heartbeatMs = 1000;

export interface Home extends AsyncDisposable {
  /** The last sign of life of the previous server, if it was killed; in milliseconds since 1970. */
  readonly aliveMs: number | undefined;
  readonly token: string;
  readonly jwtSecret: string;
  /** Publishes the address of the server. */
  listening(url: string): Promise<void>;
}

interface Holder {
  readonly pid: number;
  readonly url?: string;
}

/** Claims the folder for this process. Fails with an `Error` that names the process that uses it. */
export async function claimHome(folder: string): Promise<Home> {
  const file = join(folder, "server.json");
  const holder = await readHolder(file);
  if (holder !== undefined && holder.pid !== process.pid && isAlive(holder.pid)) {
    const where = holder.url === undefined ? "" : ` and serves ${holder.url}`;
    throw new Error(
      `${folder} is in use by another Deckhand server: process ${holder.pid}${where}. Stop it, or set DECKHAND_HOME to another folder.`,
    );
  }
  const aliveMs = await stat(file).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  );
  const write = (content: Holder): Promise<void> => writeFile(file, `${JSON.stringify(content)}\n`, { mode: 0o600 });
  await write({ pid: process.pid });
  const heartbeat = setInterval(() => {
    const now = new Date();
    utimes(file, now, now).catch(() => {});
  }, heartbeatMs).unref();
  return {
    aliveMs,
    token: await secret(join(folder, "token")),
    jwtSecret: await secret(join(folder, "jwt-secret")),
    listening: (url) => write({ pid: process.pid, url }),
    [Symbol.asyncDispose]: () => {
      clearInterval(heartbeat);
      return rm(file, { force: true });
    },
  };
}

async function readHolder(file: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as Holder;
  } catch {
    // Missing, or incomplete after a crash: the lock on the log decides.
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Reads the secret; creates it at the first start. It is written to another file and linked, so that it is never read incomplete. */
async function secret(file: string): Promise<string> {
  try {
    return (await readFile(file, "utf8")).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const made = randomBytes(32).toString("base64url");
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, `${made}\n`, { mode: 0o600 });
  try {
    await link(draft, file);
  } finally {
    await unlink(draft);
  }
  return made;
}
