/** The streams of one shell or job in a container. The container is held awake while a command or the job runs. */
import type { Readable, Writable } from "node:stream";
import type { ShellStreams, StartRequest } from "../shell/shell-streams.ts";
import type { IdlePause } from "./idle-pause.ts";
import { markedOutput } from "./marked-output.ts";
import type { ShellLauncher } from "./shell-launcher.ts";

/** A program that runs in a container. `out` ends when the program or the connection has ended. */
export interface ExecStreams {
  readonly in: Writable;
  readonly out: Readable;
  readonly err: Readable;
  /** To be called once `out` has ended. */
  exitCode(): Promise<number>;
  close(): void;
}

export interface ContainerStreamsOptions {
  readonly kind: StartRequest["kind"];
  /** The streams of the running launcher. */
  readonly exec: ExecStreams;
  readonly launcher: ShellLauncher;
  readonly workspace: string;
  readonly idlePause: IdlePause;
  /** The shell has ended and its launcher can start another one. */
  onFree(): void;
}

export function containerStreams(options: ContainerStreamsOptions): ShellStreams {
  const { kind, exec, launcher, workspace, idlePause } = options;
  const output = markedOutput(exec.out);
  let nonce = "";
  let awake: Disposable | undefined;
  const begin = () => {
    output.expect();
    awake ??= idlePause.hold();
  };
  return {
    in: exec.in,
    status: exec.err,
    output: {
      ...output,
      async drain() {
        await output.drain();
        awake?.[Symbol.dispose]();
        awake = undefined;
      },
    },
    start(request) {
      nonce = request.nonce;
      output.setNonce(nonce);
      if (kind === "job") begin();
      exec.in.write(launcher.start(request, workspace));
    },
    prologue: launcher.prologue,
    commandLines(command) {
      begin();
      return launcher.commandLines(nonce, command);
    },
    release() {
      if (kind === "job") return void exec.in.end();
      // The launcher prints a marker when the shell ends, in place of that of a command that was running.
      if (awake === undefined) output.expect();
      void output.drain().then(options.onFree);
    },
  };
}
