/**
 * DECKHAND_HOME: what the server keeps beside the log.
 *
 *   server.json   {pid, url} of the server that holds the folder; touched every second while that lives
 *   token         lets in from anywhere (0600)
 *   jwt-secret    signs the tokens of classic clients (0600)
 */
import { randomBytes } from "node:crypto";
import { link, readFile, rm, stat, unlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Between two signs of life. */
const beatMs = 1000;

export interface Home extends AsyncDisposable {
  /** The last sign of life of a server that was killed here, in milliseconds since 1970; undefined where none was. */
  readonly aliveMs: number | undefined;
  readonly token: string;
  readonly jwtSecret: string;
  /** Tells others where the server is. */
  listening(url: string): Promise<void>;
}

interface Holder {
  readonly pid: number;
  readonly url?: string;
}

/** Takes the folder for this process. Fails with an `Error` that names the process which holds it. */
export async function claimHome(folder: string): Promise<Home> {
  const file = join(folder, "server.json");
  const holder = await readHolder(file);
  if (holder !== undefined && holder.pid !== process.pid && isAlive(holder.pid)) {
    const where = holder.url === undefined ? "" : ` and serves ${holder.url}`;
    throw new Error(
      `Another Deckhand server holds ${folder}: process ${holder.pid}${where}. Stop it, or set DECKHAND_HOME to another folder.`,
    );
  }
  const aliveMs = await stat(file).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  );
  const tell = (tale: Holder): Promise<void> => writeFile(file, `${JSON.stringify(tale)}\n`, { mode: 0o600 });
  await tell({ pid: process.pid });
  const beat = setInterval(() => {
    const now = new Date();
    utimes(file, now, now).catch(() => {});
  }, beatMs).unref();
  return {
    aliveMs,
    token: await secret(join(folder, "token")),
    jwtSecret: await secret(join(folder, "jwt-secret")),
    listening: (url) => tell({ pid: process.pid, url }),
    [Symbol.asyncDispose]: () => {
      clearInterval(beat);
      return rm(file, { force: true });
    },
  };
}

async function readHolder(file: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as Holder;
  } catch {
    // Not there, or torn by a crash: the lock on the log decides.
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

/** Reads the secret, making it at the first start: written beside and linked, so that nobody reads half of one. */
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
