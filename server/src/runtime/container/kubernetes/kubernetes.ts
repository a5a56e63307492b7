/**
 * Sandboxes as Kubernetes pods, one per conversation, which outlive the server. The workspace is in the cluster, not on
 * the server's machine: it starts empty and lives as long as the pod, or as the configured volume claim.
 */
import { createHash, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, join, posix } from "node:path";
import { DeckhandError } from "@deckhand/protocol";
import { ShellRuntime } from "../../shell/shell-runtime.ts";
import type { OutputFiles } from "../../shell/output/output-file.ts";
import type { RuntimeFactory, RuntimeStatus } from "../../runtime.ts";
import { fileSizeHit, resolveLimits } from "../../sandbox/limits/limits.ts";
import { sandboxHome, sandboxOutputs } from "../../sandbox/mounts/mounts.ts";
import type { RuntimeOptions } from "../../runtime-options.ts";
import { clusterError, findCluster, type Cluster } from "./cluster.ts";
import { openContainerHost } from "../container-host.ts";
import { idlePause } from "../idle-pause.ts";
import type { PodOptions } from "./pod-spec.ts";
import { removePod, runPod } from "./pod.ts";
import { statusChecks, verdict, type ContainerVerification } from "../escape-checks.ts";
import { memoizeSuccess } from "../memoize-success.ts";
import { startupProgress } from "../startup-progress.ts";
import { verifyPod } from "./verify-pod.ts";

export interface KubernetesOptions extends RuntimeOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly image: string;
  /** Network of the pods: none, or the cluster's default. */
  readonly reach: "none" | "default";
  readonly readOnly: boolean;
  readonly namespace?: string | undefined;
  readonly claim?: string | undefined;
  readonly runtimeClass?: string | undefined;
  readonly startMs: number;
  /** Runs the server's own programs, whose folders are on this machine. */
  readonly isolated: Pick<RuntimeFactory, "runIsolated">;
}

/** In the conversation's folder, if it has or had a pod. */
const markerFile = "pod";
const statusMs = 2000;

export function kubernetesRuntimes(options: KubernetesOptions): RuntimeFactory {
  const server = createHash("sha256").update(options.dataHome).digest("hex").slice(0, 12);
  const labels = { "app.kubernetes.io/managed-by": "deckhand", "deckhand/server": server };
  const limits = resolveLimits(options.limits);
  const progress = startupProgress();
  const podName = (home: string) => `deckhand-${server}-${basename(home).toLowerCase()}`;

  const podOptions = (parts: Pick<PodOptions, "name" | "workspace" | "annotations" | "claim">): PodOptions => ({
    ...parts,
    labels,
    image: options.image,
    runtimeClass: options.runtimeClass,
    readOnly: options.readOnly,
    limits,
  });

  const prepare = memoizeSuccess(async (): Promise<Cluster> => {
    const cluster = await findCluster(options);
    if (options.reach === "none") await denyTraffic(cluster, `deckhand-${server}`, labels);
    return cluster;
  });

  const verify = memoizeSuccess(async (): Promise<ContainerVerification> => {
    const cluster = await prepare();
    const name = `deckhand-${server}-probe-${randomUUID().slice(0, 8)}`;
    const workspace = "/workspace/probe";
    progress.report("verifying a pod");
    try {
      const pod = podOptions({ name, workspace, annotations: {}, claim: undefined });
      await runPod(cluster, { ...pod, deadlineMs: options.startMs, onProgress: progress.report });
      return await verifyPod((argv) => cluster.exec(name, argv), new URL(cluster.server), options.reach === "none");
    } finally {
      progress.report("");
      removePod(cluster, name).catch(() => {});
    }
  });

  const status = async (): Promise<RuntimeStatus> => {
    try {
      const verification = await verify();
      const what = `pods of namespace ${(await prepare()).namespace} from image ${options.image}`;
      const { proven, sentence } = verdict(verification, what, "Check the policies of the cluster.");
      return { kind: "kubernetes", proven, sentence, ...statusChecks(verification.checks) };
    } catch (error) {
      const sentence = error instanceof DeckhandError ? error.message : `Commands are disabled: ${clusterError(error)}`;
      return { kind: "kubernetes", proven: false, sentence, ...statusChecks([]) };
    }
  };

  return {
    noSubagentsReason:
      "Subagents are not available: every conversation has its workspace in its own pod, so they cannot share it.",
    status: () => Promise.race([status(), progress.statusAfter(statusMs, "kubernetes")]),

    async create({ workspace, home, onProgress }) {
      using _ = progress.subscribe(onProgress);
      const path = checkPath(workspace);
      const { proven, sentence } = await status();
      if (!proven) throw new DeckhandError("sandbox_unavailable", sentence);
      const [cluster, { launcher }] = await Promise.all([prepare(), verify()]);
      const name = podName(home);
      return new ShellRuntime({
        kind: "kubernetes",
        workspace: path,
        outputFiles: outputsOf(cluster, name),
        openHost: async () => {
          try {
            mkdirSync(home, { recursive: true, mode: 0o700 });
            writeFileSync(join(home, markerFile), `${name}\n`);
            const pod = podOptions({
              name,
              workspace: path,
              annotations: { "deckhand/home": home },
              claim: options.claim,
            });
            const { fresh } = await runPod(cluster, {
              ...pod,
              deadlineMs: options.startMs,
              onProgress: (stage) => onProgress?.(`starting the pod: ${stage}`),
            });
            return await openContainerHost({
              exec: (argv) => cluster.exec(name, argv),
              launcher,
              zones: [path, sandboxHome, "/tmp"],
              sweep: !fresh,
              fileBytes: limits.fileBytes,
              limitHit: (exitCode) => fileSizeHit(exitCode, limits),
              // Kubernetes cannot pause a pod, and an idle one costs next to nothing.
              idlePause: idlePause({ idleMs: 2 ** 31 - 1, pause: async () => {}, unpause: async () => {} }),
              force: () => removePod(cluster, name),
            });
          } finally {
            onProgress?.("");
          }
        },
      });
    },

    runIsolated: (program, maxBytes, signal) => options.isolated.runIsolated(program, maxBytes, signal),

    async remove({ home }) {
      if (!existsSync(join(home, markerFile))) return;
      await removePod(await findCluster(options), podName(home));
    },
  };
}

/** A path in the pod, so it is not looked up on this machine. Fails with `sandbox_unavailable`. */
function checkPath(workspace: string): string {
  const path = posix.normalize(workspace);
  if (/^\/(?!(?:bin|boot|dev|etc|lib|lib64|proc|run|sbin|sys|usr)(?:\/|$))[^/]+\/./.test(path)) return path;
  throw new DeckhandError(
    "sandbox_unavailable",
    `${workspace} cannot be a workspace in a pod. Choose a folder below a folder that is not part of the system.`,
  );
}

/**
 * Denies all traffic, if the cluster's network plugin enforces policies; the escape checks find out whether it does.
 */
async function denyTraffic(
  { networks, namespace }: Cluster,
  name: string,
  labels: Record<string, string>,
): Promise<void> {
  const body = {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name, labels },
    spec: { podSelector: { matchLabels: labels }, policyTypes: ["Ingress", "Egress"] },
  };
  // It may exist already, or creating it may be forbidden: the escape checks decide.
  await networks.createNamespacedNetworkPolicy({ namespace, body }).catch(() => {});
}

/** Full outputs are written to files in the pod, where commands can read them. */
function outputsOf(cluster: Cluster, pod: string): OutputFiles {
  const boot = randomUUID().slice(0, 8);
  let count = 0;
  return {
    async create() {
      const path = `${sandboxOutputs}/${boot}-${++count}.txt`;
      const streams = await cluster.exec(pod, ["sh", "-c", 'cat >"$1"', "deckhand-output", path]);
      streams.out.resume();
      streams.err.resume();
      const file = {
        writev: async (parts: readonly Buffer[]) => streams.in.write(Buffer.concat(parts)),
        async [Symbol.asyncDispose]() {
          streams.in.end();
          await streams.exitCode();
        },
      };
      return { file, path };
    },
  };
}
