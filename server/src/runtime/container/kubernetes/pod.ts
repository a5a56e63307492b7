/**
 * Creates a pod or finds an existing one, and waits until it runs. If the cluster has agent-sandbox, its controller
 * creates the pod.
 */
import type { V1Pod } from "@kubernetes/client-node";
import { DeckhandError } from "@deckhand/protocol";
import { clusterError, isMissing, type Cluster } from "./cluster.ts";
import { podOf, podSpec, type PodOptions } from "./pod-spec.ts";

/** github.com/kubernetes-sigs/agent-sandbox, api/v1beta1 (read in November 2026). */
const sandboxes = { group: "agents.x-k8s.io", version: "v1beta1", plural: "sandboxes" } as const;

const pollMs = 300;
const logLines = 10;

export interface RunPodOptions extends PodOptions {
  readonly deadlineMs: number;
  readonly onProgress: (sentence: string) => void;
}

/** Makes sure that the pod is running; `fresh` means that it is new. Fails with `sandbox_unavailable`. */
export async function runPod(cluster: Cluster, options: RunPodOptions): Promise<{ readonly fresh: boolean }> {
  try {
    let fresh = false;
    const existing = await readPod(cluster, options.name);
    if (existing === undefined || !isUsable(existing)) {
      if (existing !== undefined) await removePod(cluster, options.name);
      await createPod(cluster, options);
      fresh = true;
    }
    await waitForPod(cluster, options);
    return { fresh };
  } catch (error) {
    if (error instanceof DeckhandError) throw error;
    throw new DeckhandError("sandbox_unavailable", `The pod could not be started: ${clusterError(error)}`, {
      cause: error,
    });
  }
}

/** Resolves when the pod no longer exists. */
export async function removePod(cluster: Cluster, name: string): Promise<void> {
  const { core, objects, namespace } = cluster;
  const missing = (error: unknown) => {
    if (!isMissing(error)) throw error;
  };
  await objects.deleteNamespacedCustomObject({ ...sandboxes, namespace, name }).catch(missing);
  await core.deleteNamespacedPod({ name, namespace, gracePeriodSeconds: 0 }).catch(missing);
  while ((await readPod(cluster, name)) !== undefined) await new Promise((resolve) => setTimeout(resolve, pollMs));
}

/** Running or starting, and not being deleted. */
function isUsable(pod: V1Pod): boolean {
  return pod.metadata?.deletionTimestamp === undefined && ["Running", "Pending"].includes(pod.status?.phase ?? "");
}

async function readPod({ core, namespace }: Cluster, name: string): Promise<V1Pod | undefined> {
  try {
    return await core.readNamespacedPod({ name, namespace });
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/**
 * Creates a Sandbox if the cluster has that kind, whose controller creates a pod of the same name; otherwise the pod
 * itself.
 */
async function createPod({ core, objects, namespace }: Cluster, options: PodOptions): Promise<void> {
  const { name, labels, annotations } = options;
  try {
    const body = {
      apiVersion: `${sandboxes.group}/${sandboxes.version}`,
      kind: "Sandbox",
      metadata: { name, labels, annotations },
      spec: { podTemplate: { metadata: { labels, annotations }, spec: podSpec(options) }, service: false },
    };
    await objects.createNamespacedCustomObject({ ...sandboxes, namespace, body });
  } catch (error) {
    // 404: the kind is not installed; 403: the server may not use it.
    if (!isMissing(error) && (error as { code?: unknown }).code !== 403) throw error;
    await core.createNamespacedPod({ namespace, body: podOf(options) });
  }
}

/**
 * Waits until the pod runs. Fails at once, with the last log lines, if its image cannot be pulled or its container
 * exits.
 */
async function waitForPod(cluster: Cluster, { name, deadlineMs, onProgress }: RunPodOptions): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  let reported = "";
  for (;;) {
    const pod = await readPod(cluster, name);
    const status = pod?.status;
    const container = status?.containerStatuses?.[0];
    if (status?.phase === "Running" && container?.state?.running !== undefined) return;
    const waiting = container?.state?.waiting;
    const unschedulable = status?.conditions?.find(({ type, status: is }) => type === "PodScheduled" && is === "False");
    const stage = waiting?.reason ?? unschedulable?.message ?? status?.phase ?? "waiting for the pod";
    if (stage !== reported) onProgress((reported = stage));
    const failed = /ErrImage|ImagePullBackOff|InvalidImageName|CreateContainer.*Error|RunContainerError|CrashLoop/.test(
      waiting?.reason ?? "",
    );
    const ended = status?.phase === "Failed" || status?.phase === "Succeeded";
    if (failed || ended || performance.now() > deadline) {
      const why = waiting?.message ?? container?.state?.terminated?.message ?? stage;
      throw new DeckhandError(
        "sandbox_unavailable",
        `The pod ${name} does not start: ${why}${await lastLogLines(cluster, name)}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

async function lastLogLines({ core, namespace }: Cluster, name: string): Promise<string> {
  const log = await core.readNamespacedPodLog({ name, namespace, tailLines: logLines }).catch(() => "");
  return log.trim() === "" ? "" : `\nLast log lines:\n${log.trim()}`;
}
