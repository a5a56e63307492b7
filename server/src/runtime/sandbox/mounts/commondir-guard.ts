/**
 * Protects a name that does not exist yet. A `commondir` file in a git folder redirects a repository's settings and
 * hooks to another folder (gitrepository-layout(5)), which would bypass the read-only mounts. A mount needs a file to
 * cover, and an empty one breaks git for everyone; a file with `.` (the folder itself) changes nothing. It exists,
 * read-only inside, for as long as a sandbox does.
 */
import { open, stat, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { inParentFolder, readWorkspaceFile } from "../workspace-file.ts";
import { readOnly, type Mount } from "./mounts.ts";

const guardText = ".\n";

export interface CommondirGuard {
  /** `paths` are possible `commondir` files in the workspace; an existing one with other content is left alone. */
  place(
    workspace: string,
    paths: readonly string[],
  ): Promise<{ readonly mounts: readonly Mount[]; remove(): Promise<void> }>;
}

/**
 * One per server: sandboxes of the same workspace share the files, and the last one removes them. Files of a killed
 * server are reused.
 */
export function createCommondirGuard(): CommondirGuard {
  const users = new Map<string, number>();
  return {
    async place(workspace, paths) {
      const guarded = (
        await Promise.all(paths.map(async (path) => ((await writeGuard(workspace, path)) ? [path] : [])))
      ).flat();
      for (const path of guarded) users.set(path, (users.get(path) ?? 0) + 1);
      return {
        mounts: guarded.map(readOnly),
        async remove() {
          for (const path of guarded.splice(0)) {
            const remaining = (users.get(path) ?? 1) - 1;
            if (remaining > 0) users.set(path, remaining);
            else {
              users.delete(path);
              if (await isGuard(workspace, path)) await inParentFolder(workspace, path, unlink).catch(() => {});
            }
          }
        },
      };
    },
  };
}

/** Creates the file if there is none; true if it is there with our text. */
async function writeGuard(workspace: string, path: string): Promise<boolean> {
  try {
    await inParentFolder(workspace, path, async (pinned) => {
      const { uid, gid } = await stat(dirname(pinned));
      await using file = await open(pinned, "wx", 0o644);
      if (process.getuid?.() === 0) await file.chown(uid, gid);
      await file.writeFile(guardText);
    });
    return true;
  } catch {
    return isGuard(workspace, path);
  }
}

async function isGuard(workspace: string, path: string): Promise<boolean> {
  const content = await readWorkspaceFile(workspace, path, guardText.length);
  return content.type === "content" && content.isComplete && content.bytes.toString("latin1") === guardText;
}
