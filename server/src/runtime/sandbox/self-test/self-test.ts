/**
 * Tries to escape from the sandbox, from inside and through the same command line that commands use. Where possible,
 * each check is judged by its effect outside. It counts only if its control succeeded; otherwise a sandbox that runs
 * nothing would pass. Results are not saved: a machine's settings can change at any time, and the self-test takes a
 * fraction of a second while the server starts.
 */
import { spawn } from "node:child_process";
import { accessSync, constants, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { enterLimitsAndFeed, type Launch } from "../../shell/local-host.ts";
import { descriptors } from "../../shell/shell-protocol.ts";
import { signalAll } from "../../processes.ts";
import { escapeChecks, type CheckGroup } from "./escape-checks.ts";
import type { Limiter } from "../limits/limit-enforcer.ts";
import { resolveLimits } from "../limits/limits.ts";
import type { RuntimeOptions } from "../../runtime-options.ts";
import { createTargets, type SelfTestFolders, type Targets } from "./targets.ts";
import { architectures } from "../seccomp/syscalls.ts";

export interface Check {
  readonly group: CheckGroup;
  /** The attempt: "read the server's data". */
  readonly name: string;
  /** What had to succeed for the check to be meaningful, and whether it did. */
  readonly control: string;
  readonly controlled: boolean;
  /** The attempt failed and the control succeeded. */
  readonly held: boolean;
}

export interface SelfTestResult {
  readonly checks: readonly Check[];
  /** Checks that could not be run here, and why. */
  readonly untried: readonly { readonly name: string; readonly why: string }[];
  /** bubblewrap's error message, if it failed. */
  readonly stderr: string;
}

export interface SelfTestOptions extends RuntimeOptions {
  /** Owner of the test workspaces. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  readonly isRootOutside: boolean;
  readonly limiter: Limiter;
  /** Commands have a network with a proxy as its only exit. */
  readonly hasProxy: boolean;
  /** The command line that runs `command` in the sandbox with this memory limit. */
  readonly command: (
    folders: SelfTestFolders,
    command: readonly string[],
    memoryBytes: number,
  ) => Promise<Pick<Launch, "argv" | "feeds">>;
}

const deadlineMs = 10_000;
/** A killed sandbox must be dead within this time. */
const deathMs = 1000;
const pollMs = 5;
const smallLimits = { memoryBytes: 32 * 1024 ** 2, processes: 16, fileBytes: 2 * 1024 ** 2 };

const bash = ["/bin/bash", "--noprofile", "--norc", "-c"];
const text = (name: string): string => readFileSync(join(import.meta.dirname, name), "utf8");
const scripts = { shell: text("escape-checks.sh"), perl: text("escape-checks.pl"), limits: text("limit-checks.sh") };

export async function runSelfTest(options: SelfTestOptions): Promise<SelfTestResult> {
  await using targets = await createTargets(options.dataHome, options.owner);
  const hasPerl = isExecutable("/usr/bin/perl");
  const enforcedBy = await options.limiter.enforcedBy(options.isRootOutside);
  const whyNot = (id: string, needsPerl: boolean): string | undefined =>
    needsPerl && !hasPerl
      ? "/usr/bin/perl is not installed"
      : id === "proxy" && !options.hasProxy
        ? "the network is off, so there is no proxy"
        : id === "fork" && enforcedBy.processes === "nothing"
          ? "processes cannot be limited here: no control group can be created, and rlimits do not apply to root"
          : id === "workspace" && targets.sockets.within === undefined
            ? "the path of the server's data folder is too long for a socket"
            : undefined;
  const untried = escapeChecks.flatMap(({ id, name, needsPerl = false }) => {
    const why = whyNot(id, needsPerl);
    return why === undefined ? [] : [{ id, name, why }];
  });
  const skipped = new Set(untried.map(({ id }) => id));
  const [main, limits] = await Promise.all([
    runEscapeChecks(options, targets, hasPerl),
    runLimitChecks(options, targets),
  ]);
  const printed = `${main.printed}\n${limits.printed}`;
  const idsOf = (word: string) => [...printed.matchAll(new RegExp(`^${word} (\\w+)$`, "gm"))].map(([, id = ""]) => id);
  const leaks = new Set([...idsOf("leak"), ...(await targets.reached())]);
  const controls = new Set([...idsOf("control"), ...(await targets.controls())]);
  // A printed line proves nothing about a file: only the file itself counts.
  if (!(await targets.controls()).has("next-to-workspace")) controls.delete("next-to-workspace");
  return {
    stderr: main.stderr,
    untried: untried.map(({ name, why }) => ({ name, why })),
    checks: escapeChecks
      .filter(({ id }) => !skipped.has(id))
      .map(({ id, group, name, control }) => {
        const controlled = controls.has(id);
        return { group, name, control, controlled, held: controlled && !leaks.has(id) };
      }),
  };
}

interface ProgramOutput {
  readonly printed: string;
  readonly stderr: string;
}

/** All checks but those of limits. They end by leaving a waiting process behind, and the sandbox is killed. */
async function runEscapeChecks(options: SelfTestOptions, targets: Targets, hasPerl: boolean): Promise<ProgramOutput> {
  const { victim, sockets } = targets;
  const numbers = architectures[process.arch]?.numbers;
  const perl = Object.entries({ ...numbers, ...perlNumbers[process.arch] })
    .map(([name, number]) => `${name}=${number}`)
    .concat(
      [`port=${targets.port}`, `udp=${targets.udpPort}`, `victim=${victim.pid}`, `tick=${victim.startTick}`],
      [`outside=${sockets.outside}`, `within=${sockets.within ?? ""}`, `abstract=${sockets.abstract}`],
    );
  // An argument that no other process on this machine has.
  const survivor = `20.${String(victim.startTick).slice(-6)}${process.pid}`;
  const values = [
    targets.canary,
    targets.other,
    victim.pid,
    victim.startTick,
    options.userHome,
    survivor,
    targets.port,
  ];
  const launch = await options.command(
    targets.folders,
    [...bash, scripts.shell, "probe", ...values, hasPerl ? scripts.perl : "", ...perl].map(String),
    resolveLimits(options.limits).memoryBytes,
  );
  return run({ ...launch, cwd: targets.folder }, async (kill) => {
    const wasAlive = findByArgument(survivor).length > 0;
    kill();
    const deadline = performance.now() + deathMs;
    while (findByArgument(survivor).length > 0 && performance.now() < deadline) await delay(pollMs);
    const survivors = findByArgument(survivor);
    signalAll(survivors, "SIGKILL");
    return `${wasAlive ? "control outlive\n" : ""}${survivors.length > 0 ? "leak outlive\n" : ""}`;
  });
}

async function runLimitChecks(options: SelfTestOptions, targets: Targets): Promise<ProgramOutput> {
  const limited = await options.limiter.enforce(resolveLimits(smallLimits), options.isRootOutside);
  try {
    const command = [...bash, scripts.limits, "probe", limited.ulimits];
    const launch = await options.command(targets.secondFolders, command, smallLimits.memoryBytes);
    return await run({ ...launch, limitEnforcer: limited, cwd: targets.folder });
  } finally {
    await limited.close();
  }
}

/**
 * Runs until the end, or until the program prints that it is waiting; what `onWaiting` returns is added to its output.
 */
async function run(
  launch: Pick<Launch, "argv" | "feeds" | "limitEnforcer" | "cwd">,
  onWaiting: (kill: () => void) => Promise<string> = async () => "",
): Promise<ProgramOutput> {
  const [file = "", ...args] = launch.argv;
  const child = spawn(file, args, {
    // If the sandbox is broken, whatever it writes ends up in this folder and nowhere else.
    cwd: launch.cwd,
    // Normally bubblewrap's environment is empty; the canary shows that it is not passed on.
    env: { DECKHAND_CANARY: "1" },
    timeout: deadlineMs,
    killSignal: "SIGKILL",
    // Pipes, because Node leaves ignored descriptors above 2 closed, and a bubblewrap that cannot report its child
    // leaves it behind.
    stdio: ["ignore", "pipe", "pipe", ...Array.from({ length: descriptors.filter - 2 }, () => "pipe" as const)],
  });
  for (const stream of child.stdio) stream?.on("error", () => {});
  const output = { printed: "", stderr: "" };
  const done = Promise.withResolvers<void>();
  let waiting: Promise<unknown> = Promise.resolve();
  child.stderr?.setEncoding("utf8").on("data", (part: string) => (output.stderr += part));
  child.stdout?.setEncoding("utf8").on("data", (part: string) => {
    const wasWaiting = output.printed.includes("waiting\n");
    output.printed += part;
    if (wasWaiting || !output.printed.includes("waiting\n")) return;
    waiting = onWaiting(() => child.kill("SIGKILL")).then((more) => (output.printed += more));
  });
  child.on("error", (error) => {
    output.stderr = error.message;
    done.resolve();
  });
  child.on("close", done.resolve);
  // In case bubblewrap failed half-way and left something behind that holds its stderr open.
  child.on("exit", () => setTimeout(done.resolve, 200));
  enterLimitsAndFeed(child, { env: {}, sandboxed: true, mark: "", ...launch }).catch(() => child.kill("SIGKILL"));
  await done.promise;
  await waiting;
  return { printed: output.printed, stderr: output.stderr.trim() };
}

/** System call numbers that only the checks need. */
const perlNumbers: Readonly<Partial<Record<string, object>>> = {
  x64: { stat: 4, setuid: 105, ptrace: 101 },
  // arm64 has no stat; statfs takes a path, too.
  arm64: { stat: 43, setuid: 146, ptrace: 117 },
};

/** Processes on this machine with that argument. */
function findByArgument(argument: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").includes(argument);
      } catch {
        return false;
      }
    });
}

const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
