/**
 * Devices for a sandbox whose user is root outside. Each device inside is a mount of the machine's own file, and root may change the
 * mode of a file that is his, with no capability: `chmod 0 /dev/null` would break the machine. So that sandbox gets copies.
 */
import { execFile } from "node:child_process";
import { chmodSync, lstatSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { DeckhandError } from "@deckhand/protocol";
import type { Mount } from "./mounts.ts";

const run = promisify(execFile);
/** Those that bubblewrap's `--dev` shows. */
const names = ["null", "zero", "full", "random", "urandom", "tty"];

/** Makes in `folder` what is missing, and repairs what a sandbox did to it. Fails with `sandbox_unavailable`. */
export async function copiedDevices(folder: string): Promise<Mount[]> {
  try {
    // The folder is closed to all others; inside only the devices are shown.
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const missing = names.filter((name) => lstatSync(join(folder, name), { throwIfNoEntry: false }) === undefined);
    if (missing.length > 0) await run("cp", ["--archive", ...missing.map((name) => `/dev/${name}`), folder]);
    for (const name of names) chmodSync(join(folder, name), 0o666);
    return names.map((name) => ({ type: "device", from: join(folder, name), to: `/dev/${name}` }));
  } catch (error) {
    throw new DeckhandError(
      "sandbox_unavailable",
      `No devices can be made in ${folder} (${(error as Error).message}): let the server run, or own the workspace, as an ordinary user.`,
    );
  }
}
