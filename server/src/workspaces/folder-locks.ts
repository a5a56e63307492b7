/**
 * Which conversation works in which folder that it was given. Two may work in the same; in one that lies in the other's they would
 * meet without anybody seeing it. A line in the conversation's own folder holds each, so a restart knows them.
 */
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DeckhandError } from "@deckhand/protocol";
import { isIn } from "../runtime/wall/workspace.ts";

const fileName = "folder.json";

export class FolderLocks {
  readonly #conversations: string;
  #known: Promise<Map<string, string>> | undefined;
  #added: ReadonlyMap<string, string> = new Map();

  /** `conversations` has a folder for each. */
  constructor(conversations: string) {
    this.#conversations = conversations;
  }

  has(conversation: string): boolean {
    return existsSync(join(this.#conversations, conversation, fileName));
  }

  /** Fails with `conflict`. */
  async check(conversation: string, path: string): Promise<void> {
    this.#known ??= this.#read();
    for (const [other, folder] of await this.#known) {
      if (other === conversation || folder === path) continue;
      const relation = isIn(path, folder) ? "lies in" : isIn(folder, path) ? "holds" : undefined;
      if (relation === undefined) continue;
      throw new DeckhandError(
        "conflict",
        `${path} ${relation} ${folder}, where conversation ${other} works. Take the same folder, one apart from it, or a worktree.`,
      );
    }
  }

  /** Fails with `conflict`. Of two at once one is first. */
  async acquire(conversation: string, path: string): Promise<void> {
    await this.check(conversation, path);
    const known = await (this.#known ??= this.#read());
    this.#added = known;
    known.set(conversation, path);
    try {
      const home = join(this.#conversations, conversation);
      await mkdir(home, { recursive: true, mode: 0o700 });
      const file = join(home, fileName);
      await writeFile(`${file}.new`, JSON.stringify(path));
      await rename(`${file}.new`, file);
    } catch (error) {
      known.delete(conversation);
      throw error;
    }
  }

  /** Of the same folder; after `add`. */
  sharedWith(conversation: string, path: string): readonly string[] {
    return [...this.#added].flatMap(([other, folder]) => (other !== conversation && folder === path ? [other] : []));
  }

  async release(conversation: string): Promise<void> {
    (await this.#known)?.delete(conversation);
  }

  async #read(): Promise<Map<string, string>> {
    const known = new Map<string, string>();
    for (const name of await readdir(this.#conversations).catch(() => [])) {
      const text = await readFile(join(this.#conversations, name, fileName), "utf8").catch(() => undefined);
      if (text !== undefined) known.set(name, JSON.parse(text) as string);
    }
    return known;
  }
}
