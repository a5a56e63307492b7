/**
 * A container engine with Docker's API (Docker, Podman), reached through its socket. dockerode takes a quarter of a
 * second to load, so it is imported when the first container is needed.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { PassThrough } from "node:stream";
import type Docker from "dockerode";
import { DeckhandError } from "@deckhand/protocol";
import { abortable } from "../../../async/abortable.ts";
import type { ExecStreams } from "../container-streams.ts";

export interface Engine {
  readonly docker: Docker;
  /** "Docker 27.1" or "Podman Engine 4.3.1" */
  readonly name: string;
  /** Containers run as the user who started the engine, who is root inside them. */
  readonly rootless: boolean;
  readonly isPodman: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

const answerMs = 10_000;

/**
 * Default socket paths. Sources: docs.docker.com/engine/security/rootless, podman-system-service(1), Docker Desktop.
 */
export function engineSockets(env: Environment, userHome: string): readonly string[] {
  const runtimeDir = env["XDG_RUNTIME_DIR"];
  const given = env["DOCKER_HOST"]?.startsWith("unix://") ? [env["DOCKER_HOST"].slice("unix://".length)] : [];
  return [
    ...given,
    "/var/run/docker.sock",
    "/run/docker.sock",
    ...(runtimeDir === undefined ? [] : [join(runtimeDir, "docker.sock")]),
    join(userHome, ".docker/run/docker.sock"),
    join(userHome, ".docker/desktop/docker.sock"),
    ...(runtimeDir === undefined ? [] : [join(runtimeDir, "podman/podman.sock")]),
    "/run/podman/podman.sock",
    join(userHome, ".local/share/containers/podman/machine/podman.sock"),
  ];
}

/** The engine that DOCKER_HOST names, or the first that answers. Fails with `sandbox_unavailable` and what to do. */
export async function findEngine(env: Environment, userHome: string): Promise<Engine> {
  const { default: Dockerode } = await import("dockerode");
  const host = env["DOCKER_HOST"];
  const candidates: readonly (readonly [string, () => Docker])[] =
    host !== undefined && host !== ""
      ? [[host, () => new Dockerode(host.startsWith("unix://") ? { socketPath: host.slice("unix://".length) } : {})]]
      : engineSockets(env, userHome)
          .filter((path) => existsSync(path))
          .map((socketPath) => [socketPath, () => new Dockerode({ socketPath })]);
  const errors: string[] = [];
  for (const [where, connect] of candidates) {
    try {
      return await describe(connect());
    } catch (error) {
      errors.push(`${where}: ${(error as Error).message}`);
    }
  }
  const why = errors.length === 0 ? "no socket of Docker or Podman was found" : errors.join("; ");
  throw new DeckhandError(
    "sandbox_unavailable",
    `Commands are disabled: no container engine answers (${why}). Start Docker, or Podman's service (podman system service --time=0), or set DOCKER_HOST to its address; DECKHAND_RUNTIME=bubblewrap works without an engine.`,
  );
}

async function describe(docker: Docker): Promise<Engine> {
  const [version, info] = (await abortable(
    Promise.all([docker.version(), docker.info()]),
    AbortSignal.timeout(answerMs),
  )) as [
    { readonly Version?: string; readonly Components?: readonly { readonly Name: string; readonly Version: string }[] },
    { readonly SecurityOptions?: readonly string[] },
  ];
  const podman = version.Components?.find(({ Name }) => Name.startsWith("Podman"));
  return {
    docker,
    name: podman === undefined ? `Docker ${version.Version ?? ""}`.trim() : `Podman ${podman.Version}`,
    isPodman: podman !== undefined,
    rootless: info.SecurityOptions?.some((option) => option.includes("rootless")) ?? false,
  };
}

/** Runs a program in a running container. */
export async function execIn(
  docker: Docker,
  container: Docker.Container,
  argv: readonly string[],
): Promise<ExecStreams> {
  const exec = await container.exec({ Cmd: [...argv], AttachStdin: true, AttachStdout: true, AttachStderr: true });
  const stream: Duplex = await exec.start({ hijack: true, stdin: true });
  const out = new PassThrough();
  const err = new PassThrough();
  docker.modem.demuxStream(stream, out, err);
  // Ended, not destroyed, so that buffered output can still be read.
  const end = () => {
    out.end();
    err.end();
  };
  stream.on("end", end);
  stream.on("close", end);
  stream.on("error", end);
  return {
    in: stream,
    out,
    err,
    exitCode: async () => (await exec.inspect()).ExitCode ?? 137,
    close: () => stream.destroy(),
  };
}

/** The message of a failed engine call, in one line. */
export function engineError(error: unknown): string {
  const { json, reason, message } = error as { json?: { message?: string }; reason?: string; message?: string };
  return (json?.message ?? message ?? reason ?? String(error)).trim().split("\n").slice(-3).join(" ");
}
