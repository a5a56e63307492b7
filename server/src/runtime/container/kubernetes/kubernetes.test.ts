import assert from "node:assert/strict";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { bubblewrapRuntimes } from "../../bubblewrap.ts";
import { failsWith, makeFolders, run, runtimeContract } from "../../runtime.contract.ts";
import type { RuntimeOptions } from "../../runtime-options.ts";
import { startCluster, type TestCluster } from "./cluster.test-kit.ts";
import { kubernetesRuntimes, type KubernetesOptions } from "./kubernetes.ts";
import { noPodman, startPodman, withoutPrograms } from "../docker/podman.test-kit.ts";

const skip = noPodman();
const podman = skip === false ? await startPodman() : undefined;
/** The cluster's volumes are folders below the folder of the test, at their own paths. */
const factory = (options: RuntimeOptions, env: TestCluster["env"], more: Partial<KubernetesOptions> = {}) =>
  kubernetesRuntimes({
    ...options,
    env,
    image: podman?.bashImage ?? "",
    reach: "none",
    readOnly: false,
    startMs: 30_000,
    isolated: bubblewrapRuntimes(options),
    ...more,
  });

const folders = makeFolders();
const { options, root } = folders;
const plainCluster = podman === undefined ? undefined : await startCluster(podman, root);
const sandboxCluster = podman === undefined ? undefined : await startCluster(podman, root, true);
const env = plainCluster?.env ?? { KUBECONFIG: "" };
chmodSync(root, 0o755);
after(async () => {
  await plainCluster?.[Symbol.asyncDispose]();
  await sandboxCluster?.[Symbol.asyncDispose]();
  await podman?.[Symbol.asyncDispose]();
  folders.remove();
});

let count = 0;
function conversation() {
  const id = `c${count++}`;
  return { workspace: join(root, id), home: join(options.dataHome, "conversations", id) };
}

const podsOf = (cluster: TestCluster | undefined, kind: string) =>
  (cluster?.created ?? []).filter((each) => each.kind === kind).map(({ body }) => body);

describe("pods", { skip }, () => {
  runtimeContract(
    "the kubernetes runtime, against its API over Podman",
    (own) => factory(own, env),
    (title) =>
      /^\[R9\] 200 MB|^\[O10\] endless output/.test(title)
        ? "covered by the docker runtime, and takes seconds"
        : withoutPrograms(title),
  );

  it("[Z11] a pod is restricted, has no access to the cluster, and is verified before the first command", async () => {
    const runtimes = factory(options, env);
    await using runtime = await runtimes.create(conversation());
    assert.equal((await run(runtime, "id -u")).output, "1000\n");
    const pod = podsOf(plainCluster, "pods").at(-1)?.spec;
    const [container] = pod?.containers ?? [];
    assert.deepEqual([pod?.automountServiceAccountToken, pod?.securityContext?.runAsNonRoot], [false, true]);
    assert.deepEqual(container?.securityContext?.capabilities?.drop, ["ALL"]);
    assert.equal(podsOf(plainCluster, "networkpolicies").length > 0, true);
    const { proven, sentence } = await runtimes.status("/");
    assert.ok(proven);
    assert.match(sentence, /All 7 escape checks passed/);
  });

  it("[Z12] a pod outlives the server, the next server finds it with its files, and it is deleted with its conversation", async () => {
    const own = conversation();
    const first = await factory(options, env).create(own);
    await run(first, "value=yes; echo in the pod >~/file");
    await first[Symbol.asyncDispose]();
    const runtimes = factory(options, env);
    await using second = await runtimes.create(own);
    assert.equal((await run(second, "cat ~/file; echo ${value-a new shell}")).output, "in the pod\na new shell\n");
    await second[Symbol.asyncDispose]();
    await runtimes.remove?.(own);
    const names = (await podman?.podman("ps", "--all", "--format", "{{.Names}}")) ?? "";
    assert.doesNotMatch(names, new RegExp(`-${own.home.split("/").at(-1)}$`, "m"));
  });

  it("[Z13] in a cluster with agent-sandbox the pod is created as a Sandbox", async () => {
    await using runtime = await factory(options, sandboxCluster?.env ?? env).create(conversation());
    assert.equal((await run(runtime, "echo works")).output, "works\n");
    assert.equal(podsOf(sandboxCluster, "pods").length, 0);
    assert.equal(podsOf(sandboxCluster, "sandboxes").at(-1)?.kind, "Sandbox");
  });

  it("[Z14] a missing image, a missing cluster and missing permissions are reported at once, and nothing runs", async () => {
    const stages: string[] = [];
    const withoutImage = factory(options, env, { image: "localhost/deckhand-test/none:1" });
    const failed = withoutImage.create({ ...conversation(), onProgress: (stage) => stages.push(stage) });
    await assert.rejects(failed, (error: Error) => {
      assert.match(error.message, /does not start: .*(no such image|image not known)/);
      return failsWith("sandbox_unavailable")(error);
    });
    assert.ok(stages.includes("ErrImagePull"), stages.join());
    const nowhere = factory(options, { KUBECONFIG: join(root, "none") });
    await assert.rejects(nowhere.create(conversation()), /no Kubernetes cluster is configured.*KUBECONFIG/);
    const foreign = factory(options, env, { namespace: "others" });
    await assert.rejects(foreign.create(conversation()), /access to namespace others denied/);
    for (const workspace of ["/", "/etc/x", "/work"]) {
      await assert.rejects(factory(options, env).create({ ...conversation(), workspace }), /cannot be a workspace/);
    }
  });
});
