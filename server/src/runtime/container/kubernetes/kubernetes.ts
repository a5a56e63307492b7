/**
 * The sandbox as a pod of a Kubernetes cluster, one for each conversation, which outlives the server. Its workspace is the cluster's, not
 * a folder of the server's machine: it is empty at first, and lasts as long as the pod, or as the claim that is configured.
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
import { openContainerHost, type Exec } from "../container-host.ts";
import { idlePause } from "../idle-pause.ts";
import { podUser, type PodOptions } from "./pod-spec.ts";
import { removePod, runPod } from "./pod.ts";
import { escapeChecks, escapeScript, statusChecks, outputOf, type ContainerVerification } from "../escape-checks.ts";
import { bashLauncher, shLauncher } from "../shell-launcher.ts";
import { memoizeSuccess } from "../memoize-success.ts";
import { startupProgress } from "../startup-progress.ts";

export interface KubernetesOptions extends RuntimeOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly image: string;
  /** What pods reach: nothing, or what the cluster gives them by default. */
  readonly reach: "none" | "default";
  readonly readOnly: boolean;
  readonly namespace?: string | undefined;
  readonly claim?: string | undefined;
  readonly runtimeClass?: string | undefined;
  readonly startMs: number;
  /** For programs of the server's own, whose folders are on this machine. */
  readonly apart: Pick<RuntimeFactory, "runIsolated">;
}

/** In a folder of the conversation's: there is, or was, a pod. */
const stamp = "pod";
/** Attempts of attempts.sh that say something about a pod, which has interfaces and a network namespace in any case. */
const inPods = [1, 5, 6, 7, 8, 9];
const token = "/var/run/secrets/kubernetes.io/serviceaccount/token";
const statusMs = 2000;

export function kubernetesRuntimes(options: KubernetesOptions): RuntimeFactory {
  const server = createHash("sha256").update(options.dataHome).digest("hex").slice(0, 12);
  const labels = { "app.kubernetes.io/managed-by": "deckhand", "deckhand/server": server };
  const limits = resolveLimits(options.limits);
  const stage = startupProgress();
  const nameOf = (home: string) => `deckhand-${server}-${basename(home).toLowerCase()}`;

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
    if (options.reach === "none") await closeNetwork(cluster, `deckhand-${server}`, labels);
    return cluster;
  });

  const prove = memoizeSuccess(async (): Promise<ContainerVerification> => {
    const cluster = await prepare();
    const name = `deckhand-${server}-probe-${randomUUID().slice(0, 8)}`;
    const workspace = "/workspace/probe";
    stage.report("trying out a pod");
    try {
      const pod = podOptions({ name, workspace, annotations: {}, claim: undefined });
      await runPod(cluster, { ...pod, deadlineMs: options.startMs, onProgress: stage.report });
      return await provePod((argv) => cluster.exec(name, argv), new URL(cluster.server), options.reach === "none");
    } finally {
      stage.report("");
      removePod(cluster, name).catch(() => {});
    }
  });

  const judged = async (): Promise<RuntimeStatus> => {
    try {
      const { checks } = await prove();
      const { namespace } = await prepare();
      const broken = checks.filter(({ held }) => !held).map(({ name }) => name);
      const what = `pods of the namespace ${namespace} from ${options.image}`;
      const sentence =
        broken.length === 0
          ? `Commands run in ${what}, which held against ${checks.length} attempts.`
          : `No command is run, because ${what} did not hold: ${broken.join("; ")}. Look at the cluster's policies.`;
      return { kind: "kubernetes", proven: broken.length === 0, sentence, ...statusChecks(checks) };
    } catch (error) {
      const sentence = error instanceof DeckhandError ? error.message : `No command is run: ${clusterError(error)}`;
      return { kind: "kubernetes", proven: false, sentence, ...statusChecks([]) };
    }
  };

  return {
    noSubagentsReason:
      "Here each conversation has a workspace in a pod of its own, so no other agent can work in this one.",
    status: () => Promise.race([judged(), stage.statusAfter(statusMs, "kubernetes")]),

    async create({ workspace, home, onProgress }) {
      using _ = stage.subscribe(onProgress);
      const path = checkedPath(workspace);
      const held = await judged();
      if (!held.proven) throw new DeckhandError("sandbox_unavailable", held.sentence);
      const [cluster, proof] = await Promise.all([prepare(), prove()]);
      const name = nameOf(home);
      return new ShellRuntime({
        kind: "kubernetes",
        workspace: path,
        outputFiles: outputsOf(cluster, name),
        openHost: async () => {
          try {
            mkdirSync(home, { recursive: true, mode: 0o700 });
            writeFileSync(join(home, stamp), `${name}\n`);
            const pod = podOptions({
              name,
              workspace: path,
              annotations: { "deckhand/home": home },
              claim: options.claim,
            });
            const { fresh } = await runPod(cluster, {
              ...pod,
              deadlineMs: options.startMs,
              onProgress: (sentence) => onProgress?.(`starting the pod: ${sentence}`),
            });
            return await openContainerHost({
              exec: (argv) => cluster.exec(name, argv),
              shell: proof.shell,
              zones: [path, sandboxHome, "/tmp"],
              sweep: !fresh,
              fileBytes: limits.fileBytes,
              limitHit: (exitCode) => fileSizeHit(exitCode, limits),
              // There is no pause in Kubernetes: a pod that only waits costs next to nothing.
              naps: idlePause({ idleMs: 2 ** 31 - 1, pause: async () => {}, unpause: async () => {} }),
              force: () => removePod(cluster, name),
            });
          } finally {
            onProgress?.("");
          }
        },
      });
    },

    runIsolated: (program, maxBytes, signal) => options.apart.runIsolated(program, maxBytes, signal),

    async remove({ home }) {
      if (!existsSync(join(home, stamp))) return;
      await removePod(await findCluster(options), nameOf(home));
    },
  };
}

/** A path in the pod; nothing of this machine is looked at. Fails with `sandbox_unavailable`. */
function checkedPath(workspace: string): string {
  const path = posix.normalize(workspace);
  if (/^\/(?!(?:bin|boot|dev|etc|lib|lib64|proc|run|sbin|sys|usr)(?:\/|$))[^/]+\/./.test(path)) return path;
  throw new DeckhandError(
    "sandbox_unavailable",
    `${workspace} cannot be a workspace in a pod: choose a path of its own.`,
  );
}

/** No traffic in or out, where the cluster's network plugin knows of policies; that it does is tried out. */
async function closeNetwork(
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
  // There already, or not ours to make: the attempts decide.
  await networks.createNamespacedNetworkPolicy({ namespace, body }).catch(() => {});
}

async function provePod(exec: Exec, api: URL, networkOff: boolean): Promise<ContainerVerification> {
  await outputOf({ exec }, ["sh", "-c", "echo given >given"]);
  const printed = await outputOf({ exec }, [
    "sh",
    "-c",
    escapeScript,
    "deckhand-proof",
    "/none",
    "none",
    String(podUser),
    token,
  ]);
  const out = new Set([...printed.matchAll(/^out (\d+)$/gm)].map((match) => Number(match[1])));
  if ((await outputOf({ exec }, ["cat", "made"])) !== "made inside") out.delete(8);
  const checks = inPods.map((i) => ({
    group: escapeChecks[i]?.[0] ?? "",
    name: i === 1 ? "no token of the cluster is there" : (escapeChecks[i]?.[1] ?? ""),
    held: out.has(i) === i >= 8,
  }));
  const hasBash = /^bash$/m.test(printed);
  if (!networkOff) return { checks, whyEnded: "", shell: hasBash ? bashLauncher : shLauncher };
  // A connection to the API server, which is there for sure; bash alone can make one with nothing else in the image.
  const port = api.port || (api.protocol === "https:" ? "443" : "80");
  const reached = await outputOf({ exec }, [
    "timeout",
    "3",
    "bash",
    "-c",
    `: </dev/tcp/${api.hostname}/${port} && echo reached`,
  ]);
  const network = {
    group: "network",
    name: "the cluster's API is out of reach",
    held: hasBash && !reached.includes("reached"),
  };
  return { checks: [...checks, network], whyEnded: "", shell: hasBash ? bashLauncher : shLauncher };
}

/** Whole outputs are written into the pod, where commands can read them. */
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
