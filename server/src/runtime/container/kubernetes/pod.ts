/** A conversation's pod: made, or found again, and followed until it runs. With agent-sandbox in the cluster it is that controller who makes it. */
import type { V1Pod } from "@kubernetes/client-node";
import { DeckhandError } from "@deckhand/protocol";
import { clusterError, isMissing, type Cluster } from "./cluster.ts";
import { podOf, podSpec, type PodOptions } from "./pod-spec.ts";

/** github.com/kubernetes-sigs/agent-sandbox, api/v1beta1 (read in November 2026). */
const sandboxes = { group: "agents.x-k8s.io", version: "v1beta1", plural: "sandboxes" } as const;

const lookMs = 300;
const logLines = 10;

export interface RunPodOptions extends PodOptions {
  readonly deadlineMs: number;
  readonly onProgress: (sentence: string) => void;
}

/** Running, of that name; whether it is a new one. Fails with `sandbox_unavailable`. */
export async function runPod(cluster: Cluster, options: RunPodOptions): Promise<{ readonly fresh: boolean }> {
  try {
    let fresh = false;
    const known = await readPod(cluster, options.name);
    if (known === undefined || !isUsable(known)) {
      if (known !== undefined) await removePod(cluster, options.name);
      await createPod(cluster, options);
      fresh = true;
    }
    await followPod(cluster, options);
    return { fresh };
  } catch (error) {
    if (error instanceof DeckhandError) throw error;
    throw new DeckhandError("sandbox_unavailable", `No pod could be started: ${clusterError(error)}`, { cause: error });
  }
}

/** Also where there is none. Resolves when it has gone. */
export async function removePod(cluster: Cluster, name: string): Promise<void> {
  const { core, objects, namespace } = cluster;
  const missing = (error: unknown) => {
    if (!isMissing(error)) throw error;
  };
  await objects.deleteNamespacedCustomObject({ ...sandboxes, namespace, name }).catch(missing);
  await core.deleteNamespacedPod({ name, namespace, gracePeriodSeconds: 0 }).catch(missing);
  while ((await readPod(cluster, name)) !== undefined) await new Promise((resolve) => setTimeout(resolve, lookMs));
}

/** `Running` and not on its way out. */
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

/** As a Sandbox where the cluster knows that kind, whose controller makes a pod of the same name; else the pod itself. */
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
    // 404: the kind is not installed; 403: it is not ours to use.
    if (!isMissing(error) && (error as { code?: unknown }).code !== 403) throw error;
    await core.createNamespacedPod({ namespace, body: podOf(options) });
  }
}

/** Until it runs; an image that does not come or a container that ends is told at once, with the last lines of its log. */
async function followPod(cluster: Cluster, { name, deadlineMs, onProgress }: RunPodOptions): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  let told = "";
  for (;;) {
    const pod = await readPod(cluster, name);
    const status = pod?.status;
    const container = status?.containerStatuses?.[0];
    if (status?.phase === "Running" && container?.state?.running !== undefined) return;
    const waiting = container?.state?.waiting;
    const unschedulable = status?.conditions?.find(({ type, status: is }) => type === "PodScheduled" && is === "False");
    const stage = waiting?.reason ?? unschedulable?.message ?? status?.phase ?? "waiting for the pod";
    if (stage !== told) onProgress((told = stage));
    const failed = /ErrImage|ImagePullBackOff|InvalidImageName|CreateContainer.*Error|RunContainerError|CrashLoop/.test(
      waiting?.reason ?? "",
    );
    const ended = status?.phase === "Failed" || status?.phase === "Succeeded";
    if (failed || ended || performance.now() > deadline) {
      const why = waiting?.message ?? container?.state?.terminated?.message ?? stage;
      throw new DeckhandError(
        "sandbox_unavailable",
        `The pod ${name} does not run: ${why}${await lastWords(cluster, name)}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
}

async function lastWords({ core, namespace }: Cluster, name: string): Promise<string> {
  const log = await core.readNamespacedPodLog({ name, namespace, tailLines: logLines }).catch(() => "");
  return log.trim() === "" ? "" : `\nThe last lines of its log:\n${log.trim()}`;
}
