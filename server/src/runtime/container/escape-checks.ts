/**
 * Verifies containers before the server runs its first command: tries to escape from a container that is created
 * exactly like those of conversations, through the same exec. The last two checks must succeed; without them a
 * container that runs nothing would pass.
 */
import { readFileSync, readlinkSync } from "node:fs";
import { chown, mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { RuntimeCheck, RuntimeStatus } from "../runtime.ts";
import { readWorkspaceFile } from "../sandbox/workspace-file.ts";
import type { Exec } from "./container-host.ts";
import { bashLauncher, shLauncher, type ShellLauncher } from "./shell-launcher.ts";

export const escapeScript = readFileSync(join(import.meta.dirname, "escape-checks.sh"), "utf8");
const deadlineMs = 20_000;

/** Group and name by the check's number in escape-checks.sh. */
export const escapeChecks = [
  ["secrets", "the server's data cannot be read"],
  ["processes", "the container engine's socket is not visible"],
  ["files", "files outside the workspace cannot be written"],
  ["network", "the host's network namespace is not shared"],
  ["network", "there is no network"],
  ["kernel", "processes have no privileges and cannot gain any"],
  ["processes", "commands run as the expected user"],
  ["kernel", "kernel settings are read-only"],
  ["files", "the workspace can be read and written"],
  ["processes", "programs run"],
] as const;
const workspaceCheck = 8;
const programCheck = 9;
const mustSucceed = [workspaceCheck, programCheck];
const noNetworkCheck = 4;
const outsideWriteCheck = 2;

export type Check = Pick<RuntimeCheck, "group" | "name" | "held">;

/** The last two checks are the control for all others. */
export function statusChecks(checks: readonly Check[]): Pick<RuntimeStatus, "checks" | "untried" | "triedAt"> {
  const control = "programs run, and the workspace can be read and written";
  const controls: readonly string[] = mustSucceed.map((i) => escapeChecks[i]?.[1] ?? "");
  const controlled = checks.filter(({ name }) => controls.includes(name)).every(({ held }) => held);
  const triedAt = new Date().toISOString();
  return { checks: checks.map((check) => ({ ...check, control, controlled })), untried: [], triedAt };
}

export interface ContainerVerification {
  readonly checks: readonly Check[];
  readonly launcher: ShellLauncher;
  /** Why the container itself failed; empty if it did not. */
  readonly whyEnded: string;
}

/** Whether commands may run, and why. `what` names the containers; `advice` says what to do if a check has failed. */
export function verdict(
  { checks, launcher, whyEnded }: ContainerVerification,
  what: string,
  advice: string,
): Pick<RuntimeStatus, "proven" | "sentence"> {
  const failed = checks.filter(({ held }) => !held).map(({ name }) => name);
  if (failed.length > 0) {
    const why = whyEnded === "" ? `failed these escape checks: ${failed.join("; ")}.` : `do not start: ${whyEnded}\n`;
    return { proven: false, sentence: `Commands are disabled: ${what} ${why} ${advice}` };
  }
  const limitations = launcher === shLauncher ? ` ${shLimitations}` : "";
  const sentence = `Commands run in ${what}. All ${checks.length} escape checks passed.${limitations}`;
  return { proven: true, sentence };
}

const shLimitations =
  "The image has no bash: a time-out, a stop or a syntax error starts a new shell, and there are no background processes.";

export interface VerifyOptions {
  readonly dataHome: string;
  readonly user: { readonly uid: number; readonly gid: number };
  /** The container must have no network at all. */
  readonly networkOff: boolean;
  readonly sockets: readonly string[];
  /** Creates a container with these folders. */
  readonly start: (folders: ContainerFolders) => Promise<ContainerUnderTest>;
  readonly remove: () => Promise<void>;
}

export interface ContainerUnderTest {
  readonly exec: Exec;
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
    const parent = join(folder, "beside");
    const folders = {
      workspace: join(parent, "workspace"),
      home: join(folder, "home"),
      outputs: join(folder, "outputs"),
    };
    for (const each of Object.values(folders)) await mkdir(each, { recursive: true });
    const canary = join(folder, "canary");
    await writeFile(canary, "canary\n");
    await writeFile(join(folders.workspace, "given"), "given\n");
    if (process.getuid?.() === 0) {
      for (const each of [parent, folders.workspace, folders.home]) await chown(each, user.uid, user.gid);
    }
    const container = await options.start(folders);
    const values = [canary, readlinkSync("/proc/self/ns/net"), String(user.uid), ...options.sockets];
    const output = await outputOf(container, ["sh", "-c", escapeScript, "deckhand-checks", ...values]);
    const passed = new Set([...output.matchAll(/^out (\d+)$/gm)].map((match) => Number(match[1])));
    if (await exists(join(parent, "written"))) passed.add(outsideWriteCheck);
    const createdFile = join(folders.workspace, "made");
    const created = await readWorkspaceFile(folders.workspace, createdFile, 64);
    const text = created.type === "content" ? created.bytes.toString("utf8") : "";
    // The file's owner is checked outside, because user ids may mean something else inside.
    if (text !== "made inside" || (await stat(createdFile)).uid !== user.uid) passed.delete(workspaceCheck);
    const checks = escapeChecks.map(([group, name], i) => ({
      group,
      name,
      held: passed.has(i) === mustSucceed.includes(i),
    }));
    return {
      checks: checks.filter((_, i) => options.networkOff || i !== noNetworkCheck),
      whyEnded: passed.has(programCheck) ? "" : await container.whyEnded(),
      launcher: /^bash$/m.test(output) ? bashLauncher : shLauncher,
    };
  } finally {
    await options.remove();
    await rm(folder, { recursive: true, force: true });
  }
}

/** What a program prints to stdout; empty if it could not be started. */
export async function outputOf({ exec }: Pick<ContainerUnderTest, "exec">, argv: readonly string[]): Promise<string> {
  // A container that has already ended accepts no exec; `whyEnded` knows more than this error.
  const streams = await exec(argv).catch(() => undefined);
  if (streams === undefined) return "";
  let output = "";
  streams.out.setEncoding("utf8").on("data", (text: string) => (output += text));
  streams.err.resume();
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => streams.close(), deadlineMs);
    streams.out.on("error", () => {});
    streams.out.on("close", () => {
      clearTimeout(timer);
      resolve();
    });
  });
  return output;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
