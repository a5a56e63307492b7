/**
 * A Kubernetes cluster, reached as kubectl would. Its client takes a second to load and is loaded when the first pod is wanted.
 * WebSocket exec: kubernetes.io/docs/reference/using-api/api-concepts, subprotocols v5 and v4 of channel.k8s.io.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import type * as k8s from "@kubernetes/client-node";
import { DeckhandError } from "@deckhand/protocol";
import type { ExecStreams } from "../container-host.ts";

export interface Cluster {
  readonly api: typeof k8s;
  readonly core: k8s.CoreV1Api;
  readonly objects: k8s.CustomObjectsApi;
  readonly networks: k8s.NetworkingV1Api;
  readonly namespace: string;
  /** The API server's address. */
  readonly server: string;
  exec(pod: string, argv: readonly string[]): Promise<ExecStreams>;
}

export interface ClusterOptions {
  /** KUBECONFIG, KUBERNETES_SERVICE_HOST */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly userHome: string;
  /** The one of the context when not given. */
  readonly namespace?: string | undefined;
}

/** The only container of each pod. */
export const containerName = "sandbox";

/** Fails with `sandbox_unavailable` and what to do. */
export async function findCluster({ env, userHome, namespace }: ClusterOptions): Promise<Cluster> {
  const api = await import("@kubernetes/client-node");
  const config = new api.KubeConfig();
  const file = env["KUBECONFIG"] ?? join(userHome, ".kube", "config");
  try {
    if (existsSync(file)) config.loadFromFile(file);
    else if (env["KUBERNETES_SERVICE_HOST"] !== undefined) config.loadFromCluster();
    else throw new Error(`there is no ${file}, and the server is not in a pod`);
  } catch (error) {
    throw new DeckhandError(
      "sandbox_unavailable",
      `No command is run, because no Kubernetes cluster is configured (${(error as Error).message}). Set KUBECONFIG to a file that kubectl works with.`,
    );
  }
  const context = config.getContextObject(config.getCurrentContext());
  const own = namespace ?? context?.namespace ?? "default";
  return {
    api,
    core: config.makeApiClient(api.CoreV1Api),
    objects: config.makeApiClient(api.CustomObjectsApi),
    networks: config.makeApiClient(api.NetworkingV1Api),
    namespace: own,
    server: config.getCurrentCluster()?.server ?? "",
    exec: (pod, argv) => execIn(api, config, own, pod, argv),
  };
}

async function execIn(
  api: typeof k8s,
  config: k8s.KubeConfig,
  namespace: string,
  pod: string,
  argv: readonly string[],
): Promise<ExecStreams> {
  const [input, out, err] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const status = Promise.withResolvers<number>();
  const exec = new api.Exec(config);
  // Without streams of its own the handler would end this process's when the server closes one of a pod's.
  Object.assign(exec.handler, { streams: { stdin: input, stdout: out, stderr: err } });
  const socket = await exec.exec(namespace, pod, containerName, [...argv], out, err, input, false, (ended) =>
    status.resolve(codeOf(ended)),
  );
  const end = () => {
    out.end();
    err.end();
    status.resolve(137);
  };
  socket.on("close", end);
  socket.on("error", end);
  return {
    in: input,
    out,
    err,
    exitCode: () => status.promise,
    close: () => socket.terminate(),
  };
}

/** Of the status channel: `Success`, or a `Failure` whose cause `ExitCode` has the code as its message. */
function codeOf({ status, details }: k8s.V1Status): number {
  if (status === "Success") return 0;
  const code = details?.causes?.find(({ reason }) => reason === "ExitCode")?.message;
  return code === undefined ? 126 : Number(code);
}

/** What a failed call of the API says, in one line. */
export function clusterError(error: unknown): string {
  const { body, message, code } = error as { body?: unknown; message?: string; code?: unknown };
  const text = typeof body === "string" ? (parsed(body)?.message ?? body) : (body as { message?: string })?.message;
  return `${text ?? message ?? String(error)}${typeof code === "number" ? ` (${code})` : ""}`
    .trim()
    .split("\n")
    .slice(0, 3)
    .join(" ");
}

export function isMissing(error: unknown): boolean {
  return (error as { code?: unknown }).code === 404;
}

function parsed(text: string): { readonly message?: string } | undefined {
  try {
    return JSON.parse(text) as { message?: string };
  } catch {
    return undefined;
  }
}
