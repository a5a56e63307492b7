/**
 * A container engine that speaks Docker's API (Docker, Podman), reached over its socket. dockerode takes a quarter of a second to load
 * and is loaded when the first container is wanted.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { PassThrough } from "node:stream";
import type Docker from "dockerode";
import { DeckhandError } from "@deckhand/protocol";
import { abortable } from "../../../async/abortable.ts";
import type { ExecStreams } from "../container-host.ts";

export interface Engine {
  readonly docker: Docker;
  /** "Docker 27.1" or "Podman Engine 4.3.1" */
  readonly name: string;
  /** Its processes run as the user who started it, who is root inside. */
  readonly rootless: boolean;
  readonly isPodman: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

const answerMs = 10_000;

/** Where engines usually listen. Sources: docs.docker.com/engine/security/rootless, podman-system-service(1), Docker Desktop. */
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

/** The one that DOCKER_HOST names, else the first that answers. Fails with `sandbox_unavailable` and what to do. */
export async function findEngine(env: Environment, userHome: string): Promise<Engine> {
  const { default: Dockerode } = await import("dockerode");
  const host = env["DOCKER_HOST"];
  const candidates: readonly (readonly [string, () => Docker])[] =
    host !== undefined && host !== ""
      ? [[host, () => new Dockerode(host.startsWith("unix://") ? { socketPath: host.slice("unix://".length) } : {})]]
      : engineSockets(env, userHome)
          .filter((path) => existsSync(path))
          .map((socketPath) => [socketPath, () => new Dockerode({ socketPath })]);
  const said: string[] = [];
  for (const [where, connect] of candidates) {
    try {
      return await describe(connect());
    } catch (error) {
      said.push(`${where}: ${(error as Error).message}`);
    }
  }
  const looked = said.length === 0 ? "no socket of Docker or Podman was found" : said.join("; ");
  throw new DeckhandError(
    "sandbox_unavailable",
    `No command is run, because no container engine answers (${looked}). Start Docker, or Podman's service (podman system service --time=0), or set DOCKER_HOST to its address; DECKHAND_RUNTIME=bubblewrap needs no engine.`,
  );
}

async function describe(docker: Docker): Promise<Engine> {
  const late = AbortSignal.timeout(answerMs);
  const [version, info] = (await abortable(Promise.all([docker.version(), docker.info()]), late)) as [
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

/** Runs a program in a container that runs. */
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
  // What came before the end is still to be read.
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

/** What a failed call of the engine says, in one line. */
export function engineError(error: unknown): string {
  const { json, reason, message } = error as { json?: { message?: string }; reason?: string; message?: string };
  return (json?.message ?? message ?? reason ?? String(error)).trim().split("\n").slice(-3).join(" ");
}
