/**
 * Which conversation works in which user-supplied folder. Two conversations may share one folder; nested folders are
 * refused, because the agents would overwrite each other's work without either workspace showing it. Each lock is a
 * file in the conversation's own folder, so it survives a restart.
 */
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DeckhandError } from "@deckhand/protocol";
import { isIn } from "../runtime/sandbox/workspace-policy.ts";

const fileName = "folder.json";

/** Absolute folder by conversation id. */
type Locks = Map<string, string>;

export class FolderLocks {
  readonly #conversations: string;
  #locks: Promise<Locks> | undefined;

  /** `conversations` holds one folder per conversation. */
  constructor(conversations: string) {
    this.#conversations = conversations;
  }

  has(conversation: string): boolean {
    return existsSync(join(this.#conversations, conversation, fileName));
  }

  /** Fails with `conflict` if `acquire` would. */
  async check(conversation: string, path: string): Promise<void> {
    refuseNested(await this.#load(), conversation, path);
  }

  /** Returns the other conversations that work in the same folder. Fails with `conflict`. */
  async acquire(conversation: string, path: string): Promise<readonly string[]> {
    const locks = await this.#load();
    // No `await` between check and set: of two conversations that want nested folders at once, the second must see the
    // first.
    refuseNested(locks, conversation, path);
    locks.set(conversation, path);
    try {
      const home = join(this.#conversations, conversation);
      await mkdir(home, { recursive: true, mode: 0o700 });
      const file = join(home, fileName);
      await writeFile(`${file}.new`, JSON.stringify(path));
      await rename(`${file}.new`, file);
    } catch (error) {
      locks.delete(conversation);
      throw error;
    }
    return [...locks].flatMap(([other, folder]) => (other !== conversation && folder === path ? [other] : []));
  }

  /** The file goes with the conversation's folder. */
  async release(conversation: string): Promise<void> {
    (await this.#locks)?.delete(conversation);
  }

  #load(): Promise<Locks> {
    return (this.#locks ??= readLocks(this.#conversations));
  }
}

async function readLocks(conversations: string): Promise<Locks> {
  const locks: Locks = new Map();
  for (const name of await readdir(conversations).catch(() => [])) {
    const text = await readFile(join(conversations, name, fileName), "utf8").catch(() => undefined);
    if (text !== undefined) locks.set(name, JSON.parse(text) as string);
  }
  return locks;
}

function refuseNested(locks: Locks, conversation: string, path: string): void {
  for (const [other, folder] of locks) {
    if (other === conversation || folder === path) continue;
    const relation = isIn(path, folder) ? "is inside" : isIn(folder, path) ? "contains" : undefined;
    if (relation === undefined) continue;
    throw new DeckhandError(
      "conflict",
      `${path} ${relation} ${folder}, the workspace of conversation ${other}. Use the same folder, a separate one, or a worktree.`,
    );
  }
}
