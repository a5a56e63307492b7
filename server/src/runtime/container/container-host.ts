/**
 * A box whose processes can only be reached through an engine's exec, which gives three streams each: two lanes as in shell/, a keeper for
 * each shell and job (keeper.ts), and a third lane for looking at processes and ending them, since their numbers mean nothing out here.
 */
import type { Readable, Writable } from "node:stream";
import { DeckhandError } from "@deckhand/protocol";
import type { ProcessBaseline, ProcessHost } from "../shell/process-host.ts";
import { ProcessChannel } from "../shell/process-channel.ts";
import type { ShellStreams, StartRequest } from "../shell/shell-streams.ts";
import type { ShellLauncher } from "./shell-launcher.ts";
import { channelScript, shellEncoding } from "./channel-encoding.ts";
import { markedOutput } from "./marked-output.ts";
import type { IdlePause } from "./idle-pause.ts";

/** A program that runs inside. `out` ends when it has ended, or when the connection has. */
export interface ExecStreams {
  readonly in: Writable;
  readonly out: Readable;
  readonly err: Readable;
  /** Asked for when `out` has ended. */
  exitCode(): Promise<number>;
  close(): void;
}

export type Exec = (argv: readonly string[]) => Promise<ExecStreams>;

export interface ContainerHostOptions {
  readonly exec: Exec;
  readonly shell: ShellLauncher;
  /** Folders in which files may be written, without symbolic links, the workspace first. */
  readonly zones: readonly [string, ...string[]];
  readonly naps: IdlePause;
  /** What an earlier server left running is killed first. */
  readonly sweep: boolean;
  readonly limitHit: ProcessHost["limitHit"];
  /** Of the largest file that a command may write. */
  readonly fileBytes: number;
  /** Ends all that runs inside from outside, where that cannot be done inside. */
  readonly force: () => Promise<void>;
}

/** A container that does not answer within this time is ended from outside. */
const endMs = 700;

/** Fails with what `exec` fails with. */
export async function openContainerHost(options: ContainerHostOptions): Promise<ProcessHost> {
  const { exec, shell, zones, naps } = options;
  const gone = new AbortController();
  let isEnding = false;
  const end = (why: string) => {
    if (gone.signal.aborted) return;
    for (const streams of opened) streams.close();
    naps[Symbol.dispose]();
    gone.abort(new DeckhandError("sandbox_unavailable", why));
  };
  const opened = new Set<ExecStreams>();
  /** With what is vital everything ends. */
  const open = async (argv: readonly string[], isVital = true) => {
    const streams = await exec(argv);
    opened.add(streams);
    if (gone.signal.aborted) streams.close();
    for (const stream of [streams.in, streams.out, streams.err]) stream.on("error", () => {});
    // Where they are being ended, whoever does it waits for the answer.
    streams.out.on("close", () => {
      opened.delete(streams);
      if (isVital && !isEnding) end("The container's processes ended.");
    });
    return streams;
  };
  const openLane = async () => {
    const streams = await open(["sh", "-s", "--", ...zones]);
    const lane = new ProcessChannel(streams, gone.signal, shellEncoding);
    streams.in.write(channelScript);
    const ask = lane.request.bind(lane);
    lane.request = async (request) => {
      naps.begin();
      return ask(request).finally(() => naps.end());
    };
    return lane;
  };

  const openKeeper = (kind: StartRequest["kind"]) => open(shell.argv(options.fileBytes), kind === "shell");

  naps.begin();
  try {
    const early = options.sweep ? await openLane() : undefined;
    await early?.request({ kind: "end", cwd: "/", fields: [], maxBytes: 0 });
    const [control, files, programs, first] = await Promise.all([
      early ?? openLane(),
      openLane(),
      openLane(),
      openKeeper("shell"),
    ]);
    return boxOf({
      ...options,
      control,
      files,
      programs,
      first,
      openKeeper,
      gone: gone.signal,
      end,
      ending: () => (isEnding = true),
    });
  } catch (error) {
    end("The container's processes could not be started.");
    throw error;
  } finally {
    naps.end();
  }
}

interface Opened extends ContainerHostOptions {
  readonly control: ProcessChannel;
  readonly files: ProcessChannel;
  readonly programs: ProcessChannel;
  /** For the first shell. */
  readonly first: ExecStreams;
  openKeeper(kind: StartRequest["kind"]): Promise<ExecStreams>;
  readonly gone: AbortSignal;
  readonly end: (why: string) => void;
  readonly ending: () => void;
}

function boxOf({
  control,
  files,
  programs,
  first,
  openKeeper,
  shell,
  zones,
  naps,
  limitHit,
  force,
  gone,
  end,
  ending,
}: Opened): ProcessHost {
  const newSeat = (kind: StartRequest["kind"], keeper: ExecStreams): ShellStreams => {
    const seat = seatOf({ kind, keeper, shell, workspace: zones[0], naps, onFree: () => free.push(seat) });
    return seat;
  };
  /** Of shells that have ended: their keepers take another one. */
  const free: ShellStreams[] = [];
  free.push(newSeat("shell", first));
  let programsPid: number | undefined;
  programs.pid.then((pid) => (programsPid = pid)).catch(() => {});

  /** What was asked for, or nothing where the container has gone meanwhile. */
  const ask = async (request: string, ...fields: readonly string[]) => {
    const reply = await control
      .request({ kind: request, cwd: "/", fields, maxBytes: 1024 * 1024 })
      .catch(() => undefined);
    return { ok: reply?.status === "ok", numbers: (reply?.out.toString("latin1").match(/\d+/g) ?? []).map(Number) };
  };
  const signal = (pids: readonly number[], name: NodeJS.Signals) => {
    if (pids.length > 0) void ask("signal", name.replace("SIG", ""), ...pids.map(String));
  };
  const keeperOf = (kind: StartRequest["kind"]) =>
    openKeeper(kind).catch((error: unknown) => {
      const why = `No streams could be made for a command: ${(error as Error).message}`;
      throw new DeckhandError("sandbox_unavailable", why, { cause: error });
    });
  return {
    files,
    programs,
    closed: gone,
    firstPid: undefined,
    async openStreams(kind) {
      if (kind === "job" && !shell.hasJobs) {
        const why =
          "There are no jobs here, because there is no bash in the image. Run the command without `background`.";
        throw new DeckhandError("not_available", why);
      }
      const ready = kind === "shell" ? free.pop() : undefined;
      if (ready !== undefined) return ready;
      using _ = awake(naps);
      return newSeat(kind, await keeperOf(kind));
    },
    resolvePid: (pidInside) => pidInside,
    isAlive: async (pid) => (await ask("alive", String(pid))).ok,
    isStopped: async (pid) => !(await ask("goes", String(pid))).ok,
    signal,
    treeOf: async (pid) => (await ask("tree", String(pid))).numbers,
    tagsCommands: false,
    baseline: async (pid, count): Promise<ProcessBaseline> => ({
      pids: new Set((await ask("before", String(pid ?? 1))).numbers),
      commandNumber: count,
    }),
    startedSince: async (before, pid, where = "anywhere") => {
      const request = where === "below" ? "below" : "since";
      return (await ask(request, String(pid ?? 1), [...before.pids].join(" "))).numbers;
    },
    limitHit,
    killProgram() {
      if (programsPid === undefined) return;
      void ask("below", String(programsPid)).then(({ numbers }) => signal(numbers, "SIGKILL"));
    },
    async kill() {
      if (gone.aborted) return;
      ending();
      const late = Promise.withResolvers<false>();
      const timer = setTimeout(() => late.resolve(false), endMs);
      const ended = await Promise.race([ask("end").then(({ ok }) => ok), late.promise]);
      clearTimeout(timer);
      end("The conversation's sandbox has been closed.");
      if (!ended) await force();
    },
  };
}

interface SeatParts extends Pick<ContainerHostOptions, "shell" | "naps"> {
  readonly kind: StartRequest["kind"];
  readonly keeper: ExecStreams;
  readonly workspace: string;
  /** Its keeper waits for another shell. */
  onFree(): void;
}

/** The container is awake while a command runs, or a job. */
function seatOf({ kind, keeper, shell, workspace, naps, onFree }: SeatParts): ShellStreams {
  const output = markedOutput(keeper.out);
  let nonce = "";
  let runs = false;
  const begins = () => {
    output.expect();
    if (!runs) naps.begin();
    runs = true;
  };
  return {
    in: keeper.in,
    status: keeper.err,
    output: {
      ...output,
      async drain() {
        await output.drain();
        if (runs) naps.end();
        runs = false;
      },
    },
    start(request) {
      nonce = request.nonce;
      output.setNonce(nonce);
      if (kind === "job") begins();
      keeper.in.write(shell.start(request, workspace));
    },
    prologue: shell.opening,
    commandLines(command) {
      begins();
      return shell.lines(nonce, command);
    },
    release() {
      if (kind === "job") return void keeper.in.end();
      // With the end of the shell its keeper prints a mark, in place of that of a command that was running.
      if (!runs) output.expect();
      void Promise.resolve(output.drain()).then(onFree);
    },
  };
}

function awake(naps: IdlePause): Disposable {
  naps.begin();
  return { [Symbol.dispose]: () => naps.end() };
}
