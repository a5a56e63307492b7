/**
 * Devices for a sandbox whose user is root outside. Normally each device inside is a mount of the machine's own node,
 * and root may change the mode of a file that it owns without any capability: `chmod 0 /dev/null` would break the
 * machine. So that sandbox gets copies.
 */
import { execFile } from "node:child_process";
import { chmodSync, lstatSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { DeckhandError } from "@deckhand/protocol";
import type { Mount } from "./mounts.ts";

const run = promisify(execFile);
/** The devices that bubblewrap's `--dev` provides. */
const names = ["null", "zero", "full", "random", "urandom", "tty"];

/** Creates missing nodes in `folder` and repairs what a sandbox changed. Fails with `sandbox_unavailable`. */
export async function copiedDevices(folder: string): Promise<Mount[]> {
  try {
    // Other users cannot enter the folder; the sandbox sees only the nodes.
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const missing = names.filter((name) => lstatSync(join(folder, name), { throwIfNoEntry: false }) === undefined);
    if (missing.length > 0) await run("cp", ["--archive", ...missing.map((name) => `/dev/${name}`), folder]);
    for (const name of names) chmodSync(join(folder, name), 0o666);
    return names.map((name) => ({ type: "device", from: join(folder, name), to: `/dev/${name}` }));
  } catch (error) {
    throw new DeckhandError(
      "sandbox_unavailable",
      `Device nodes could not be created in ${folder} (${(error as Error).message}). Run the server as an ordinary user, or let one own the workspace.`,
    );
  }
}
