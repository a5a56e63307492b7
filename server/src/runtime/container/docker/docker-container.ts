/** Creates a container or attaches to an existing one. */
import type Docker from "dockerode";
import { DeckhandError } from "@deckhand/protocol";
import { containerOptions, specLabel, type ContainerSpec } from "./container-spec.ts";
import { engineError, execIn, type Engine } from "./docker-engine.ts";
import type { ExecStreams } from "../container-streams.ts";

/** Log lines that are shown if the container does not start. */
const logLines = 10;

export interface DockerContainer {
  /** New or restarted, so no processes of an earlier server run in it. */
  readonly fresh: boolean;
  exec(argv: readonly string[]): Promise<ExecStreams>;
  pause(): Promise<void>;
  unpause(): Promise<void>;
  /** Exit code and last log lines; empty while it runs. */
  whyEnded(): Promise<string>;
  /** Kills all its processes at once. */
  kill(): Promise<void>;
}

/** Makes sure that the container is running, and replaces one with another spec. Fails with `sandbox_unavailable`. */
export async function runContainer({ docker }: Engine, spec: ContainerSpec): Promise<DockerContainer> {
  const options = containerOptions(spec);
  const container = docker.getContainer(spec.name);
  try {
    const existing = await inspect(container);
    const state = existing?.State;
    const isSame = existing?.Config.Labels?.[specLabel] === options.Labels?.[specLabel];
    if (existing !== undefined && !isSame) await remove(container);
    if (existing === undefined || !isSame) await docker.createContainer(options);
    if (isSame && state?.Paused) await container.unpause();
    const isRunning = isSame && (state?.Running === true || state?.Paused === true);
    if (!isRunning) await container.start();
    return {
      fresh: !isRunning,
      exec: (argv) => execIn(docker, container, argv),
      pause: () => container.pause() as Promise<void>,
      unpause: () => container.unpause() as Promise<void>,
      whyEnded: async () => {
        const ended = await inspect(container).catch(() => undefined);
        if (ended === undefined || ended.State.Running || ended.State.Paused) return "";
        return `The container exited with code ${ended.State.ExitCode}.${await lastLogLines(container)}`;
      },
      kill: async () => {
        await container.kill({ signal: "SIGKILL" }).catch(() => {});
      },
    };
  } catch (error) {
    if (error instanceof DeckhandError) throw error;
    throw new DeckhandError(
      "sandbox_unavailable",
      `The container could not be started from image ${spec.image}: ${engineError(error)}${await lastLogLines(container)}`,
      { cause: error },
    );
  }
}

/** Also works for running, paused and missing containers. */
export async function remove(container: Docker.Container): Promise<void> {
  await container.remove({ force: true, v: true }).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
  });
}

async function inspect(container: Docker.Container): Promise<Docker.ContainerInspectInfo | undefined> {
  try {
    return await container.inspect();
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Empty, or a heading and the last lines of the log. */
async function lastLogLines(container: Docker.Container): Promise<string> {
  const log: unknown = await container.logs({ stdout: true, stderr: true, tail: logLines }).catch(() => "");
  const text = (Buffer.isBuffer(log) ? demultiplex(log) : String(log)).trim();
  return text === "" ? "" : `\nLast log lines:\n${text}`;
}

/** Each chunk has a header of eight bytes: the stream it belongs to and, in the last four, its length. */
function demultiplex(log: Buffer): string {
  let text = "";
  for (let at = 0; at + 8 <= log.length;) {
    const end = at + 8 + log.readUInt32BE(at + 4);
    text += log.toString("utf8", at + 8, end);
    at = end;
  }
  return text;
}

export function isMissing(error: unknown): boolean {
  return (error as { statusCode?: number }).statusCode === 404;
}
