/** Spec of a conversation's pod. It complies with the restricted Pod Security Standard. */
import { availableParallelism } from "node:os";
import type { V1Pod, V1PodSpec, V1Volume, V1VolumeMount } from "@kubernetes/client-node";
import { commandEnvironment } from "../../sandbox/environment.ts";
import type { Limits } from "../../sandbox/limits/limits.ts";
import { sandboxHome, sandboxOutputs } from "../../sandbox/mounts/mounts.ts";
import { containerName } from "./cluster.ts";
import { idleCommand } from "../channel-encoding.ts";

export interface PodOptions {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly image: string;
  readonly workspace: string;
  /**
   * Volume claim for workspace, home and outputs, each in a folder per conversation; without one they are deleted with
   * the pod.
   */
  readonly claim?: string | undefined;
  readonly runtimeClass?: string | undefined;
  readonly readOnly: boolean;
  readonly limits: Limits;
}

/** User id in every pod; it belongs to no user of the node. */
export const podUser = 1000;

export function podOf(options: PodOptions): V1Pod {
  const { name, labels, annotations } = options;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, labels: { ...labels }, annotations: { ...annotations } },
    spec: podSpec(options),
  };
}

export function podSpec({ name, image, workspace, claim, runtimeClass, readOnly, limits }: PodOptions): V1PodSpec {
  const inClaim = (folder: string): Partial<V1VolumeMount> =>
    claim === undefined ? {} : { subPath: `${name}/${folder}` };
  const volumes: V1Volume[] =
    claim === undefined
      ? ["workspace", "home", "outputs"].map((each) => ({ name: each, emptyDir: {} }))
      : [{ name: "claim", persistentVolumeClaim: { claimName: claim } }];
  const mount = (folder: string, mountPath: string): V1VolumeMount => ({
    name: claim === undefined ? folder : "claim",
    mountPath,
    ...inClaim(folder),
  });
  const environment = commandEnvironment({ path: "", home: sandboxHome, extra: { USER: "agent", LOGNAME: "agent" } });
  // Always limited, because a namespace with a quota rejects a pod without a CPU limit.
  const cpus = limits.cpus ?? availableParallelism();
  const resources = { memory: String(limits.memoryBytes), cpu: `${Math.round(cpus * 1000)}m` };
  return {
    restartPolicy: "Never",
    terminationGracePeriodSeconds: 0,
    // The pod gets no access to the cluster.
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    hostname: "deckhand",
    ...(runtimeClass === undefined ? {} : { runtimeClassName: runtimeClass }),
    securityContext: {
      runAsNonRoot: true,
      runAsUser: podUser,
      runAsGroup: podUser,
      fsGroup: podUser,
      seccompProfile: { type: "RuntimeDefault" },
    },
    volumes: [...volumes, { name: "tmp", emptyDir: {} }],
    containers: [
      {
        name: containerName,
        image,
        command: [...idleCommand],
        workingDir: workspace,
        // The image's PATH is kept.
        env: Object.entries(environment).flatMap(([key, value]) => (key === "PATH" ? [] : [{ name: key, value }])),
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: readOnly,
          capabilities: { drop: ["ALL"] },
        },
        // Small requests, so that the pod can be scheduled on a busy node.
        resources: { limits: resources, requests: { memory: "64Mi", cpu: "50m" } },
        volumeMounts: [
          mount("workspace", workspace),
          mount("home", sandboxHome),
          mount("outputs", sandboxOutputs),
          { name: "tmp", mountPath: "/tmp" },
        ],
      },
    ],
  };
}
