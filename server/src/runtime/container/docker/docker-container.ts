/** A conversation's container: made, or found again, woken and put to sleep. */
import type Docker from "dockerode";
import { DeckhandError } from "@deckhand/protocol";
import { containerOptions, specLabel, type ContainerSpec } from "./container-spec.ts";
import { engineError, execIn, type Engine } from "./docker-engine.ts";
import type { ExecStreams } from "../container-host.ts";

/** Lines of its log that are told where it does not start. */
const logLines = 10;

export interface DockerContainer {
  /** It is new, or was started again: nothing of an earlier shell runs in it. */
  readonly fresh: boolean;
  exec(argv: readonly string[]): Promise<ExecStreams>;
  pause(): Promise<void>;
  unpause(): Promise<void>;
  /** Nothing while it runs; else its code, and the last lines of its log. */
  whyEnded(): Promise<string>;
  /** Ends all that runs in it at once. */
  kill(): Promise<void>;
}

/** The container of that name, running. Fails with `sandbox_unavailable`. */
export async function runContainer({ docker }: Engine, spec: ContainerSpec): Promise<DockerContainer> {
  const options = containerOptions(spec);
  const container = docker.getContainer(spec.name);
  try {
    const known = await inspect(container);
    const state = known?.State;
    const same = known?.Config.Labels?.[specLabel] === options.Labels?.[specLabel];
    if (known !== undefined && !same) await remove(container);
    if (known === undefined || !same) await docker.createContainer(options);
    if (same && state?.Paused) await container.unpause();
    const runs = same && (state?.Running === true || state?.Paused === true);
    if (!runs) await container.start();
    return {
      fresh: !runs,
      exec: (argv) => execIn(docker, container, argv),
      pause: () => container.pause() as Promise<void>,
      unpause: () => container.unpause() as Promise<void>,
      whyEnded: async () => {
        const ended = await inspect(container).catch(() => undefined);
        if (ended === undefined || ended.State.Running || ended.State.Paused) return "";
        return `The container ended by itself with code ${ended.State.ExitCode}.${await lastWords(container)}`;
      },
      kill: async () => {
        await container.kill({ signal: "SIGKILL" }).catch(() => {});
      },
    };
  } catch (error) {
    if (error instanceof DeckhandError) throw error;
    throw new DeckhandError(
      "sandbox_unavailable",
      `No container could be started from ${spec.image}: ${engineError(error)}${await lastWords(container)}`,
      { cause: error },
    );
  }
}

/** Also where it runs, is paused, or is not there. */
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

/** The end of its log, as lines of their own. */
async function lastWords(container: Docker.Container): Promise<string> {
  const log: unknown = await container.logs({ stdout: true, stderr: true, tail: logLines }).catch(() => "");
  const text = (Buffer.isBuffer(log) ? piecesOf(log) : String(log)).trim();
  return text === "" ? "" : `\nThe last lines of its log:\n${text}`;
}

/** Eight bytes before each piece say which stream it is of and, in the last four, how long it is. */
function piecesOf(log: Buffer): string {
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
