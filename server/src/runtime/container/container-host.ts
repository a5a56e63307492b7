/**
 * A process host whose processes can only be reached through an engine's exec, which provides three streams per
 * program. As in shell/ there are two channels, for files and programs, and a launcher for each shell and job
 * (shell-launcher.ts). A third channel inspects and ends processes, because their pids mean nothing outside the
 * container.
 */
import { DeckhandError } from "@deckhand/protocol";
import { withTimeout } from "../../async/abortable.ts";
import type { ProcessBaseline, ProcessHost } from "../shell/process-host.ts";
import { ProcessChannel } from "../shell/process-channel.ts";
import type { ShellStreams, StartRequest } from "../shell/shell-streams.ts";
import { channelScript, shellEncoding } from "./channel-encoding.ts";
import { containerStreams, type ExecStreams } from "./container-streams.ts";
import type { IdlePause } from "./idle-pause.ts";
import type { ShellLauncher } from "./shell-launcher.ts";

export type Exec = (argv: readonly string[]) => Promise<ExecStreams>;

export interface ContainerHostOptions {
  readonly exec: Exec;
  readonly launcher: ShellLauncher;
  /** Real paths of the folders in which files may be written, the workspace first. */
  readonly zones: readonly [string, ...string[]];
  readonly idlePause: IdlePause;
  /** The container already existed: kill what an earlier server left running in it. */
  readonly sweep: boolean;
  readonly limitHit: ProcessHost["limitHit"];
  /** Size limit of a file that a command writes. */
  readonly fileBytes: number;
  /** Ends all processes from outside, if it cannot be done from inside. */
  readonly force: () => Promise<void>;
}

/** After this time processes are ended from outside. */
const endTimeoutMs = 700;

/** Fails as `exec` does. */
export async function openContainerHost(options: ContainerHostOptions): Promise<ProcessHost> {
  const connection = new Connection(options);
  try {
    using _ = options.idlePause.hold();
    if (!options.sweep) return await connectHost(options, connection, connection.openChannel());
    const control = await connection.openChannel();
    await control.request({ kind: "end", cwd: "/", fields: [], maxBytes: 0 });
    return await connectHost(options, connection, Promise.resolve(control));
  } catch (error) {
    connection.close("The container's processes could not be started.");
    throw error;
  }
}

/** Everything that was started through exec for one host. If a vital part ends, all of it does. */
class Connection {
  readonly #options: ContainerHostOptions;
  readonly #opened = new Set<ExecStreams>();
  readonly #closed = new AbortController();
  #isEnding = false;

  constructor(options: ContainerHostOptions) {
    this.#options = options;
  }

  /** The reason is a `DeckhandError`. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  close(why: string): void {
    if (this.closed.aborted) return;
    for (const streams of this.#opened) streams.close();
    this.#options.idlePause[Symbol.dispose]();
    this.#closed.abort(new DeckhandError("sandbox_unavailable", why));
  }

  /** From now on the caller ends the processes, so their end closes nothing. */
  expectEnd(): void {
    this.#isEnding = true;
  }

  async openChannel(): Promise<ProcessChannel> {
    const { zones, idlePause } = this.#options;
    const streams = await this.#open(["sh", "-s", "--", ...zones], true);
    const channel = new ProcessChannel(streams, this.closed, shellEncoding);
    streams.in.write(channelScript);
    const request = channel.request.bind(channel);
    channel.request = async (each) => {
      using _ = idlePause.hold();
      return await request(each);
    };
    return channel;
  }

  openLauncher(kind: StartRequest["kind"]): Promise<ExecStreams> {
    const { launcher, fileBytes } = this.#options;
    return this.#open(launcher.argv(fileBytes), kind === "shell");
  }

  async #open(argv: readonly string[], isVital: boolean): Promise<ExecStreams> {
    const streams = await this.#options.exec(argv);
    this.#opened.add(streams);
    if (this.closed.aborted) streams.close();
    for (const stream of [streams.in, streams.out, streams.err]) stream.on("error", () => {});
    streams.out.on("close", () => {
      this.#opened.delete(streams);
      if (isVital && !this.#isEnding) this.close("The container's processes ended.");
    });
    return streams;
  }
}

async function connectHost(
  options: ContainerHostOptions,
  connection: Connection,
  controlChannel: Promise<ProcessChannel>,
): Promise<ProcessHost> {
  const { launcher, zones, idlePause, limitHit, force } = options;
  const [control, files, programs, firstExec] = await Promise.all([
    controlChannel,
    connection.openChannel(),
    connection.openChannel(),
    connection.openLauncher("shell"),
  ]);
  /** Streams of shells that have ended; their launchers can start another shell. */
  const free: ShellStreams[] = [];
  const newStreams = (kind: StartRequest["kind"], exec: ExecStreams): ShellStreams => {
    const onFree = () => free.push(streams);
    const streams = containerStreams({ kind, exec, launcher, workspace: zones[0], idlePause, onFree });
    return streams;
  };
  free.push(newStreams("shell", firstExec));
  let programsPid: number | undefined;
  programs.pid.then((pid) => (programsPid = pid)).catch(() => {});

  /** Not ok, and no pids, if the container has ended meanwhile. */
  const ask = async (kind: string, ...fields: readonly string[]) => {
    const reply = await control.request({ kind, cwd: "/", fields, maxBytes: 1024 * 1024 }).catch(() => undefined);
    return { ok: reply?.status === "ok", pids: (reply?.out.toString("latin1").match(/\d+/g) ?? []).map(Number) };
  };
  const signal = (pids: readonly number[], name: NodeJS.Signals) => {
    if (pids.length > 0) void ask("signal", name.replace("SIG", ""), ...pids.map(String));
  };
  return {
    files,
    programs,
    closed: connection.closed,
    firstPid: undefined,
    async openStreams(kind) {
      if (kind === "job" && !launcher.hasJobs) {
        throw new DeckhandError(
          "not_available",
          "Background processes need bash, which the container image does not have. Run the command without `background`.",
        );
      }
      const ready = kind === "shell" ? free.pop() : undefined;
      if (ready !== undefined) return ready;
      using _ = idlePause.hold();
      const exec = await connection.openLauncher(kind).catch((error: unknown) => {
        const why = `The command could not be started: ${(error as Error).message}`;
        throw new DeckhandError("sandbox_unavailable", why, { cause: error });
      });
      return newStreams(kind, exec);
    },
    resolvePid: (pidInside) => pidInside,
    isAlive: async (pid) => (await ask("alive", String(pid))).ok,
    isStopped: async (pid) => !(await ask("running", String(pid))).ok,
    signal,
    treeOf: async (pid) => (await ask("tree", String(pid))).pids,
    tagsCommands: false,
    baseline: async (pid, commandNumber): Promise<ProcessBaseline> => ({
      pids: new Set((await ask("before", String(pid ?? 1))).pids),
      commandNumber,
    }),
    startedSince: async (before, pid, where = "anywhere") => {
      const kind = where === "below" ? "below" : "since";
      return (await ask(kind, String(pid ?? 1), [...before.pids].join(" "))).pids;
    },
    limitHit,
    async killProgram() {
      if (programsPid === undefined) return;
      const { pids } = await ask("below", String(programsPid)).catch(() => ({ pids: [] }));
      signal(pids, "SIGKILL");
    },
    async kill() {
      if (connection.closed.aborted) return;
      connection.expectEnd();
      const { ok } = await withTimeout(ask("end"), endTimeoutMs, () => ({ ok: false }));
      connection.close("The conversation's sandbox has been closed.");
      if (!ok) await force();
    },
  };
}
