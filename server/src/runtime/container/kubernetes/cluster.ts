/**
 * A Kubernetes cluster, accessed with the configuration of kubectl. The client takes a second to load, so it is
 * imported when the first pod is needed and never by servers with another runtime. Exec over WebSocket:
 * kubernetes.io/docs/reference/using-api/api-concepts, subprotocols v5 and v4 of channel.k8s.io.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import type * as k8s from "@kubernetes/client-node";
import { DeckhandError } from "@deckhand/protocol";
import type { ExecStreams } from "../container-streams.ts";

export interface Cluster {
  readonly api: typeof k8s;
  readonly core: k8s.CoreV1Api;
  readonly objects: k8s.CustomObjectsApi;
  readonly networks: k8s.NetworkingV1Api;
  readonly namespace: string;
  /** Address of the API server. */
  readonly server: string;
  exec(pod: string, argv: readonly string[]): Promise<ExecStreams>;
}

export interface ClusterOptions {
  /** KUBECONFIG and KUBERNETES_SERVICE_HOST tell where the cluster is. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly userHome: string;
  /** By default that of the current context. */
  readonly namespace?: string | undefined;
}

/** Name of the only container in each pod. */
export const containerName = "sandbox";

/** Fails with `sandbox_unavailable` and what to do. */
export async function findCluster({ env, userHome, namespace }: ClusterOptions): Promise<Cluster> {
  const api = await import("@kubernetes/client-node");
  const config = new api.KubeConfig();
  const file = env["KUBECONFIG"] ?? join(userHome, ".kube", "config");
  try {
    if (existsSync(file)) config.loadFromFile(file);
    else if (env["KUBERNETES_SERVICE_HOST"] !== undefined) config.loadFromCluster();
    else throw new Error(`${file} does not exist, and the server does not run in a pod`);
  } catch (error) {
    throw new DeckhandError(
      "sandbox_unavailable",
      `Commands are disabled: no Kubernetes cluster is configured (${(error as Error).message}). Set KUBECONFIG to a file that works with kubectl.`,
    );
  }
  const context = config.getContextObject(config.getCurrentContext());
  const usedNamespace = namespace ?? context?.namespace ?? "default";
  return {
    api,
    core: config.makeApiClient(api.CoreV1Api),
    objects: config.makeApiClient(api.CustomObjectsApi),
    networks: config.makeApiClient(api.NetworkingV1Api),
    namespace: usedNamespace,
    server: config.getCurrentCluster()?.server ?? "",
    exec: (pod, argv) => execIn(api, config, usedNamespace, pod, argv),
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
  // Without streams of its own the handler would close this process's standard streams when the pod closes one.
  Object.assign(exec.handler, { streams: { stdin: input, stdout: out, stderr: err } });
  const socket = await exec.exec(namespace, pod, containerName, [...argv], out, err, input, false, (ended) =>
    status.resolve(exitCodeOf(ended)),
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

/** Reads the status channel: `Success`, or a `Failure` whose cause `ExitCode` has the code as its message. */
function exitCodeOf({ status, details }: k8s.V1Status): number {
  if (status === "Success") return 0;
  const code = details?.causes?.find(({ reason }) => reason === "ExitCode")?.message;
  return code === undefined ? 126 : Number(code);
}

/** The message of a failed API call, in one line. */
export function clusterError(error: unknown): string {
  const { body, message, code } = error as { body?: unknown; message?: string; code?: unknown };
  const text = typeof body === "string" ? (parseJson(body)?.message ?? body) : (body as { message?: string })?.message;
  return `${text ?? message ?? String(error)}${typeof code === "number" ? ` (${code})` : ""}`
    .trim()
    .split("\n")
    .slice(0, 3)
    .join(" ");
}

export function isMissing(error: unknown): boolean {
  return (error as { code?: unknown }).code === 404;
}

function parseJson(text: string): { readonly message?: string } | undefined {
  try {
    return JSON.parse(text) as { message?: string };
  } catch {
    return undefined;
  }
}
