/**
 * A box whose processes can only be reached through an engine's exec, which gives three streams each: two lanes as in box/, the shell
 * (keeper.ts), and a third lane for looking at processes and ending them, since their numbers mean nothing out here.
 */
import type { Readable, Writable } from "node:stream";
import { DeckhandError } from "@deckhand/protocol";
import type { Before, Box } from "../box/box.ts";
import { Lane } from "../box/lane.ts";
import type { ShellKind } from "./keeper.ts";
import { laneText, shellWords } from "./lane-words.ts";
import { markedOutput } from "./marked-output.ts";
import type { Naps } from "./naps.ts";

/** A program that runs inside. `out` ends when it has ended, or when the connection has. */
export interface Streams {
  readonly in: Writable;
  readonly out: Readable;
  readonly err: Readable;
  /** Asked for when `out` has ended. */
  exitCode(): Promise<number>;
  close(): void;
}

export type Exec = (argv: readonly string[]) => Promise<Streams>;

export interface ContainerBoxOptions {
  readonly exec: Exec;
  readonly shell: ShellKind;
  /** Folders in which files may be written, without symbolic links, the workspace first. */
  readonly zones: readonly [string, ...string[]];
  readonly naps: Naps;
  /** What an earlier server left running is killed first. */
  readonly sweep: boolean;
  readonly limitHit: Box["limitHit"];
  /** Of the largest file that a command may write. */
  readonly fileBytes: number;
  /** Ends all that runs inside from outside, where that cannot be done inside. */
  readonly force: () => Promise<void>;
}

/** A container that does not answer within this time is ended from outside. */
const endMs = 700;

/** Fails with what `exec` fails with. */
export async function openContainerBox(options: ContainerBoxOptions): Promise<Box> {
  const { exec, shell, zones, naps } = options;
  const gone = new AbortController();
  const opened: Streams[] = [];
  let isEnding = false;
  const end = (why: string) => {
    if (gone.signal.aborted) return;
    for (const streams of opened) streams.close();
    naps[Symbol.dispose]();
    gone.abort(new DeckhandError("sandbox_unavailable", why));
  };
  const open = async (argv: readonly string[]) => {
    const streams = await exec(argv);
    opened.push(streams);
    if (gone.signal.aborted) streams.close();
    for (const stream of [streams.in, streams.out, streams.err]) stream.on("error", () => {});
    // Where they are being ended, whoever does it waits for the answer.
    streams.out.on("close", () => isEnding || end("The container's processes ended."));
    return streams;
  };
  const openLane = async () => {
    const streams = await open(["sh", "-s", "--", ...zones]);
    const lane = new Lane(streams, gone.signal, shellWords);
    streams.in.write(laneText);
    const ask = lane.ask.bind(lane);
    lane.ask = async (request) => {
      naps.begin();
      return ask(request).finally(() => naps.end());
    };
    return lane;
  };

  naps.begin();
  try {
    const first = options.sweep ? await openLane() : undefined;
    await first?.ask({ request: "end", cwd: "/", fields: [], maxBytes: 0 });
    const [control, files, programs, keeper] = await Promise.all([
      first ?? openLane(),
      openLane(),
      openLane(),
      open(shell.argv(options.fileBytes)),
    ]);
    return boxOf({
      ...options,
      control,
      files,
      programs,
      keeper,
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

interface Opened extends ContainerBoxOptions {
  readonly control: Lane;
  readonly files: Lane;
  readonly programs: Lane;
  readonly keeper: Streams;
  readonly gone: AbortSignal;
  readonly end: (why: string) => void;
  readonly ending: () => void;
}

function boxOf({
  control,
  files,
  programs,
  keeper,
  shell,
  zones,
  naps,
  limitHit,
  force,
  gone,
  end,
  ending,
}: Opened): Box {
  const output = markedOutput(keeper.out);
  let runs = false;
  let nonce = "";
  let programsPid: number | undefined;
  programs.pid.then((pid) => (programsPid = pid)).catch(() => {});

  /** What was asked for, or nothing where the container has gone meanwhile. */
  const ask = async (request: string, ...fields: readonly string[]) => {
    const reply = await control.ask({ request, cwd: "/", fields, maxBytes: 1024 * 1024 }).catch(() => undefined);
    return { ok: reply?.word === "ok", numbers: (reply?.out.toString("latin1").match(/\d+/g) ?? []).map(Number) };
  };
  const signal = (pids: readonly number[], name: NodeJS.Signals) => {
    if (pids.length > 0) void ask("signal", name.replace("SIG", ""), ...pids.map(String));
  };
  return {
    firstPid: undefined,
    shellIn: keeper.in,
    status: keeper.err,
    output: {
      ...output,
      async drain() {
        await output.drain();
        if (runs) naps.end();
        runs = false;
      },
    },
    files,
    programs,
    gone,
    openShell(next, cwd) {
      nonce = next;
      output.setNonce(nonce);
      return shell.opening(nonce, cwd, zones[0]);
    },
    lines(count, last, command) {
      output.expect();
      runs = true;
      naps.begin();
      return shell.lines(nonce, count, last, command);
    },
    find: (pidInside) => pidInside,
    isAlive: async (pid) => (await ask("alive", String(pid))).ok,
    signal,
    before: async (pid, count): Promise<Before> => ({
      pids: new Set((await ask("before", String(pid ?? 1))).numbers),
      count,
    }),
    startedSince: async (before, pid) => (await ask("since", String(pid ?? 1), [...before.pids].join(" "))).numbers,
    limitHit,
    endProgram() {
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
