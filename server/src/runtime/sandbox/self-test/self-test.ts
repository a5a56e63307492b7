/**
 * Attempts to get through the wall, made from behind it and through the very command that commands run with. Each is judged by what
 * is seen outside where that is possible, and counts only when its control succeeded: a wall that runs nothing would pass otherwise.
 * Never kept: a machine's settings change while it runs, and all of it takes a fraction of a second beside the server's start.
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
  /** What was tried: "read the server's data". */
  readonly name: string;
  /** What had to work beside it, and whether it did. */
  readonly control: string;
  readonly controlled: boolean;
  /** It did not get through, and the control worked. */
  readonly held: boolean;
}

export interface SelfTestResult {
  readonly checks: readonly Check[];
  /** What could not be tried here, and why. */
  readonly untried: readonly { readonly name: string; readonly why: string }[];
  /** What bubblewrap said, where it failed. */
  readonly stderr: string;
}

export interface SelfTestOptions extends RuntimeOptions {
  /** Is given the workspace. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  readonly isRootOutside: boolean;
  readonly limiter: Limiter;
  /** Commands have a network, whose only way out is a proxy. */
  readonly hasProxy: boolean;
  /** Makes the command that runs `command` behind the wall; `memoryBytes` is what all of it may take. */
  readonly command: (
    folders: SelfTestFolders,
    command: readonly string[],
    memoryBytes: number,
  ) => Promise<Pick<Launch, "argv" | "feeds">>;
}

const deadlineMs = 10_000;
/** Time in which all of a killed sandbox must be dead. */
const deathMs = 1000;
const lookMs = 5;
const smallLimits = { memoryBytes: 32 * 1024 ** 2, processes: 16, fileBytes: 2 * 1024 ** 2 };

const bash = ["/bin/bash", "--noprofile", "--norc", "-c"];
const text = (name: string): string => readFileSync(join(import.meta.dirname, name), "utf8");
const scripts = { shell: text("escape-checks.sh"), perl: text("escape-checks.pl"), limits: text("limit-checks.sh") };

export async function runSelfTest(options: SelfTestOptions): Promise<SelfTestResult> {
  await using targets = await createTargets(options.dataHome, options.owner);
  const hasPerl = isThere("/usr/bin/perl");
  const held = await options.limiter.enforcedBy(options.isRootOutside);
  const whyNot = (id: string, needsPerl: boolean): string | undefined =>
    needsPerl && !hasPerl
      ? "there is no /usr/bin/perl to try it with"
      : id === "proxy" && !options.hasProxy
        ? "the network is off, there is none"
        : id === "fork" && held.processes === "nothing"
          ? "nothing limits processes here: no control group can be made, and rlimits do not bind root"
          : id === "workspace" && targets.sockets.within === undefined
            ? "the path of the server's data is too long for a socket"
            : undefined;
  const untried = escapeChecks.flatMap(({ id, name, needsPerl = false }) => {
    const why = whyNot(id, needsPerl);
    return why === undefined ? [] : [{ id, name, why }];
  });
  const missed = new Set(untried.map(({ id }) => id));
  const [most, limits] = await Promise.all([tryMost(options, targets, hasPerl), tryLimits(options, targets)]);
  const printed = `${most.printed}\n${limits.printed}`;
  const found = (word: string) => [...printed.matchAll(new RegExp(`^${word} (\\w+)$`, "gm"))].map(([, id = ""]) => id);
  const leaks = new Set([...found("leak"), ...(await targets.seen())]);
  const controls = new Set([...found("control"), ...(await targets.controls())]);
  // Only what was seen outside counts there: a line that is printed proves no file.
  if (!(await targets.controls()).has("beside")) controls.delete("beside");
  return {
    stderr: most.said,
    untried: untried.map(({ name, why }) => ({ name, why })),
    checks: escapeChecks
      .filter(({ id }) => !missed.has(id))
      .map(({ id, group, name, control }) => {
        const controlled = controls.has(id);
        return { group, name, control, controlled, held: controlled && !leaks.has(id) };
      }),
  };
}

interface Said {
  readonly printed: string;
  readonly said: string;
}

/** All but the limits. At the end a process is left behind that only waits, and the sandbox is killed. */
async function tryMost(options: SelfTestOptions, targets: Targets, hasPerl: boolean): Promise<Said> {
  const { victim, sockets } = targets;
  const numbers = architectures[process.arch]?.numbers;
  const perl = Object.entries({ ...numbers, ...perlNumbers[process.arch] })
    .map(([name, number]) => `${name}=${number}`)
    .concat(
      [`port=${targets.port}`, `udp=${targets.udpPort}`, `victim=${victim.pid}`, `tick=${victim.startTick}`],
      [`beside=${sockets.beside}`, `within=${sockets.within ?? ""}`, `abstract=${sockets.abstract}`],
    );
  // An argument that no other process of this machine has.
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
    const lived = findWith(survivor).length > 0;
    kill();
    const deadline = performance.now() + deathMs;
    while (findWith(survivor).length > 0 && performance.now() < deadline) await later(lookMs);
    const left = findWith(survivor);
    signalAll(left, "SIGKILL");
    return `${lived ? "control outlive\n" : ""}${left.length > 0 ? "leak outlive\n" : ""}`;
  });
}

async function tryLimits(options: SelfTestOptions, targets: Targets): Promise<Said> {
  const limited = await options.limiter.enforce(resolveLimits(smallLimits), options.isRootOutside);
  try {
    const command = [...bash, scripts.limits, "probe", limited.ulimits];
    const launch = await options.command(targets.secondFolders, command, smallLimits.memoryBytes);
    return await run({ ...launch, limitEnforcer: limited, cwd: targets.folder });
  } finally {
    await limited.close();
  }
}

/** Runs it to its end, or until it says that it waits: what `onWaiting` adds is taken for printed. */
async function run(
  launch: Pick<Launch, "argv" | "feeds" | "limitEnforcer" | "cwd">,
  onWaiting: (kill: () => void) => Promise<string> = async () => "",
): Promise<Said> {
  const [file = "", ...args] = launch.argv;
  const child = spawn(file, args, {
    // Where there is no wall, what it writes is to be there and nowhere else.
    cwd: launch.cwd,
    // Only here is anything in the environment of bubblewrap itself, to see that it is not passed on.
    env: { DECKHAND_CANARY: "1" },
    timeout: deadlineMs,
    killSignal: "SIGKILL",
    // Node leaves what is ignored above 2 closed, and a bubblewrap that cannot say where its child is leaves that behind.
    stdio: ["ignore", "pipe", "pipe", ...Array.from({ length: descriptors.filter - 2 }, () => "pipe" as const)],
  });
  for (const stream of child.stdio) stream?.on("error", () => {});
  const parts = { printed: "", said: "" };
  const over = Promise.withResolvers<void>();
  let waiting: Promise<unknown> = Promise.resolve();
  child.stderr?.setEncoding("utf8").on("data", (part: string) => (parts.said += part));
  child.stdout?.setEncoding("utf8").on("data", (part: string) => {
    const before = parts.printed.includes("waiting\n");
    parts.printed += part;
    if (before || !parts.printed.includes("waiting\n")) return;
    waiting = onWaiting(() => child.kill("SIGKILL")).then((more) => (parts.printed += more));
  });
  child.on("error", (error) => {
    parts.said = error.message;
    over.resolve();
  });
  child.on("close", over.resolve);
  // For a bubblewrap that failed half-way and left behind what holds its stderr.
  child.on("exit", () => setTimeout(over.resolve, 200));
  enterLimitsAndFeed(child, { env: {}, sandboxed: true, mark: "", ...launch }).catch(() => child.kill("SIGKILL"));
  await over.promise;
  await waiting;
  return { printed: parts.printed, said: parts.said.trim() };
}

/** Numbers that only the attempts need. */
const perlNumbers: Readonly<Partial<Record<string, object>>> = {
  x64: { stat: 4, setuid: 105, ptrace: 101 },
  // There is no stat; statfs takes a path as well.
  arm64: { stat: 43, setuid: 146, ptrace: 117 },
};

/** Processes of this machine with that argument. */
function findWith(argument: string): number[] {
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

const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function isThere(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
