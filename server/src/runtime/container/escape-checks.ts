/**
 * Attempts to get out of a container that is made like those of conversations, through the very exec that commands run with, before
 * the first command of a server. Without the last two, which must succeed, a container that runs nothing would pass.
 */
import { readFileSync, readlinkSync } from "node:fs";
import { chown, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { RuntimeCheck, RuntimeStatus } from "../runtime.ts";
import type { ExecStreams } from "./container-host.ts";
import { bashLauncher, shLauncher, type ShellLauncher } from "./shell-launcher.ts";

export const escapeScript = readFileSync(join(import.meta.dirname, "escape-checks.sh"), "utf8");
const deadlineMs = 20_000;

/** By the number of the attempt: its group, and its name. */
export const escapeChecks = [
  ["secrets", "the server's data is out of reach"],
  ["processes", "the container engine's socket is not there"],
  ["files", "nothing is written beside the workspace"],
  ["network", "the machine's network is not there"],
  ["network", "there is no network"],
  ["kernel", "no privilege is left or gained"],
  ["processes", "commands are who they should be"],
  ["kernel", "the machine's switches are read-only"],
  ["files", "the workspace is read and written"],
  ["processes", "programs run"],
] as const;
const mustSucceed = [8, 9];
const offNetwork = 4;
const worked = 9;

export type Check = Pick<RuntimeCheck, "group" | "name" | "held">;

/** The last two attempts are the control of the others. */
export function statusChecks(checks: readonly Check[]): Pick<RuntimeStatus, "checks" | "untried" | "triedAt"> {
  const control = "programs run, and the workspace is read and written";
  const controls: readonly string[] = mustSucceed.map((i) => escapeChecks[i]?.[1] ?? "");
  const controlled = checks.filter(({ name }) => controls.includes(name)).every(({ held }) => held);
  const triedAt = new Date().toISOString();
  return { checks: checks.map((check) => ({ ...check, control, controlled })), untried: [], triedAt };
}

export interface ContainerVerification {
  readonly checks: readonly Check[];
  readonly shell: ShellLauncher;
  /** Why the container itself failed, where it did. */
  readonly whyEnded: string;
}

export interface VerifyOptions {
  readonly dataHome: string;
  readonly user: { readonly uid: number; readonly gid: number };
  /** The container has none at all. */
  readonly networkOff: boolean;
  readonly sockets: readonly string[];
  /** Makes the container around these folders, and returns how programs are run in it. */
  readonly start: (folders: ContainerFolders) => Promise<ContainerUnderTest>;
  readonly remove: () => Promise<void>;
}

export interface ContainerUnderTest {
  readonly exec: (argv: readonly string[]) => Promise<ExecStreams>;
  whyEnded(): Promise<string>;
}

export interface ContainerFolders {
  readonly workspace: string;
  readonly home: string;
  readonly outputs: string;
}

export async function verifyContainer(options: VerifyOptions): Promise<ContainerVerification> {
  const { user } = options;
  await mkdir(options.dataHome, { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(join(options.dataHome, "probe-"));
  try {
    const beside = join(folder, "beside");
    const folders = {
      workspace: join(beside, "workspace"),
      home: join(folder, "home"),
      outputs: join(folder, "outputs"),
    };
    for (const each of Object.values(folders)) await mkdir(each, { recursive: true });
    const canary = join(folder, "canary");
    await writeFile(canary, "canary\n");
    await writeFile(join(folders.workspace, "given"), "given\n");
    if (process.getuid?.() === 0) {
      for (const each of [beside, folders.workspace, folders.home]) await chown(each, user.uid, user.gid);
    }
    const container = await options.start(folders);
    const values = [canary, readlinkSync("/proc/self/ns/net"), String(user.uid), ...options.sockets];
    const printed = await outputOf(container, ["sh", "-c", escapeScript, "deckhand-proof", ...values]);
    const out = new Set([...printed.matchAll(/^out (\d+)$/gm)].map((match) => Number(match[1])));
    if (await exists(join(beside, "written"))) out.add(2);
    const made = join(folders.workspace, "made");
    const text = await readFile(made, "utf8").catch(() => "");
    // Who makes a file is asked of the file itself, because numbers may mean something else inside.
    if (text !== "made inside" || (await stat(made)).uid !== user.uid) out.delete(8);
    const checks = escapeChecks.map(([group, name], i) => ({
      group,
      name,
      held: out.has(i) === mustSucceed.includes(i),
    }));
    return {
      checks: checks.filter((_, i) => options.networkOff || i !== offNetwork),
      whyEnded: out.has(worked) ? "" : await container.whyEnded(),
      shell: /^bash$/m.test(printed) ? bashLauncher : shLauncher,
    };
  } finally {
    await options.remove();
    await rm(folder, { recursive: true, force: true });
  }
}

/** What a program prints. */
export async function outputOf({ exec }: Pick<ContainerUnderTest, "exec">, argv: readonly string[]): Promise<string> {
  // A container that ends at once takes no exec; `whyEnded` says more than that.
  const streams = await exec(argv).catch(() => undefined);
  if (streams === undefined) return "";
  let printed = "";
  streams.out.setEncoding("utf8").on("data", (text: string) => (printed += text));
  streams.err.resume();
  await new Promise<void>((resolve) => {
    const late = setTimeout(() => streams.close(), deadlineMs);
    streams.out.on("error", () => {});
    streams.out.on("close", () => {
      clearTimeout(late);
      resolve();
    });
  });
  return printed;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
