import { chmodSync } from "node:fs";
import { after, describe } from "node:test";
import { bubblewrapRuntimes } from "../bubblewrap.ts";
import { makeFolders } from "../runtime.contract.ts";
import { runtimeTimingContract } from "../runtime.timing.contract.ts";
import { dockerRuntimes } from "./docker/docker.ts";
import { noPodman, startPodman } from "./docker/podman.test-kit.ts";
import { startCluster } from "./kubernetes/cluster.test-kit.ts";
import { kubernetesRuntimes } from "./kubernetes/kubernetes.ts";

const skip = noPodman();
const podman = skip === false ? await startPodman() : undefined;
const folders = makeFolders();
chmodSync(folders.root, 0o755);
const cluster = podman === undefined ? undefined : await startCluster(podman, folders.root);
after(async () => {
  await cluster?.[Symbol.asyncDispose]();
  await podman?.[Symbol.asyncDispose]();
  folders.remove();
});

const common = { reach: "none", readOnly: false } as const;
const docker = { ...common, env: podman?.env ?? {}, workspaceIn: "folder", idleMs: 60_000, keepMs: 60_000 } as const;

describe("containers", { skip }, () => {
  runtimeTimingContract("the docker runtime over Podman", (options) =>
    dockerRuntimes({ ...options, ...docker, image: podman?.bashImage ?? "", isolated: bubblewrapRuntimes(options) }),
  );

  runtimeTimingContract(
    "the docker runtime with only busybox",
    (options) =>
      dockerRuntimes({ ...options, ...docker, image: podman?.shImage ?? "", isolated: bubblewrapRuntimes(options) }),
    (title) => (/^\[R6\] stop ends a (program that|builtin)/.test(title) ? "needs bash" : undefined),
  );

  runtimeTimingContract("the kubernetes runtime, against its API over Podman", (options) =>
    kubernetesRuntimes({
      ...options,
      ...common,
      env: cluster?.env ?? { KUBECONFIG: "" },
      image: podman?.bashImage ?? "",
      startMs: 30_000,
      isolated: bubblewrapRuntimes(options),
    }),
  );
});
