/**
 * Closes a name that is not there: with a file `commondir` in its git folder, a repository takes settings and hooks from wherever that
 * says (gitrepository-layout(5)), so that read-only ones beside it would hold nothing. A mount needs a file, and an empty one breaks
 * git for everybody. One that says `.` changes nothing: the folder itself. It is there, and read-only inside, as long as a sandbox is.
 */
import { open, readFile, stat, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import type { Mount } from "./mounts.ts";

const anchor = ".\n";

export interface CommondirGuard {
  /** `paths` are names of `commondir` files; one that is there and says something else is left alone. */
  place(paths: readonly string[]): Promise<{ readonly mounts: readonly Mount[]; lift(): Promise<void> }>;
}

/** Of one server: sandboxes of the same workspace share them, and the last one removes them. What a killed server left is taken over. */
export function createCommondirGuard(): CommondirGuard {
  const users = new Map<string, number>();
  return {
    async place(paths) {
      const held = (await Promise.all(paths.map(async (path) => ((await isOurs(path)) ? [path] : [])))).flat();
      for (const path of held) users.set(path, (users.get(path) ?? 0) + 1);
      return {
        mounts: held.map((path) => ({ type: "read", from: path, to: path })),
        async lift() {
          for (const path of held.splice(0)) {
            const left = (users.get(path) ?? 1) - 1;
            if (left > 0) users.set(path, left);
            else {
              users.delete(path);
              if ((await textOf(path)) === anchor) await unlink(path).catch(() => {});
            }
          }
        },
      };
    },
  };
}

/** Makes it where nothing is. */
async function isOurs(path: string): Promise<boolean> {
  try {
    const { uid, gid } = await stat(dirname(path));
    await using file = await open(path, "wx", 0o644);
    if (process.getuid?.() === 0) await file.chown(uid, gid);
    await file.writeFile(anchor);
    return true;
  } catch {
    return (await textOf(path)) === anchor;
  }
}

async function textOf(path: string): Promise<string> {
  return readFile(path, "utf8").catch(() => "");
}
