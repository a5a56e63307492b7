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
/** The cluster's volumes are seen at their own paths below the folder of the test. */
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
const usual = podman === undefined ? undefined : await startCluster(podman, root);
const withSandboxes = podman === undefined ? undefined : await startCluster(podman, root, true);
const env = usual?.env ?? { KUBECONFIG: "" };
chmodSync(root, 0o755);
after(async () => {
  await usual?.[Symbol.asyncDispose]();
  await withSandboxes?.[Symbol.asyncDispose]();
  await podman?.[Symbol.asyncDispose]();
  folders.remove();
});

let count = 0;
function conversation() {
  const id = `c${count++}`;
  return { workspace: join(root, id), home: join(options.dataHome, "conversations", id) };
}

const podsOf = (cluster: TestCluster | undefined, kind: string) =>
  (cluster?.made ?? []).filter((each) => each.kind === kind).map(({ body }) => body);

describe("pods", { skip }, () => {
  runtimeContract(
    "the kubernetes runtime, against its API over Podman",
    (own) => factory(own, env),
    (title) =>
      /^\[R9\] 200 MB|^\[O10\] output without end/.test(title)
        ? "is shown with docker, and takes seconds"
        : withoutPrograms(title),
  );

  it("[Z11] a pod is restricted, has nothing of the cluster in it, and is tried before the first command", async () => {
    const made = factory(options, env);
    await using runtime = await made.create(conversation());
    assert.equal((await run(runtime, "id -u")).output, "1000\n");
    const pod = podsOf(usual, "pods").at(-1)?.spec;
    const [container] = pod?.containers ?? [];
    assert.deepEqual([pod?.automountServiceAccountToken, pod?.securityContext?.runAsNonRoot], [false, true]);
    assert.deepEqual(container?.securityContext?.capabilities?.drop, ["ALL"]);
    assert.equal(podsOf(usual, "networkpolicies").length > 0, true);
    const { proven, sentence } = await made.status("/");
    assert.ok(proven);
    assert.match(sentence, /All 7 escape checks passed/);
  });

  it("[Z12] a pod outlives the server, and the next one finds it with its files; it goes with its conversation", async () => {
    const own = conversation();
    const first = await factory(options, env).create(own);
    await run(first, "kept=yes; echo in the pod >~/kept");
    await first[Symbol.asyncDispose]();
    const made = factory(options, env);
    await using second = await made.create(own);
    assert.equal((await run(second, "cat ~/kept; echo ${kept-a new shell}")).output, "in the pod\na new shell\n");
    await second[Symbol.asyncDispose]();
    await made.remove?.(own);
    const names = (await podman?.podman("ps", "--all", "--format", "{{.Names}}")) ?? "";
    assert.doesNotMatch(names, new RegExp(`-${own.home.split("/").at(-1)}$`, "m"));
  });

  it("[Z13] where the cluster has agent-sandbox the pod is made as a Sandbox", async () => {
    await using runtime = await factory(options, withSandboxes?.env ?? env).create(conversation());
    assert.equal((await run(runtime, "echo works")).output, "works\n");
    assert.equal(podsOf(withSandboxes, "pods").length, 0);
    assert.equal(podsOf(withSandboxes, "sandboxes").at(-1)?.kind, "Sandbox");
  });

  it("[Z14] an image that does not come, no cluster and no right are said at once, and nothing runs", async () => {
    const heard: string[] = [];
    const none = factory(options, env, { image: "localhost/deckhand-test/none:1" });
    const refused = none.create({ ...conversation(), onProgress: (stage) => heard.push(stage) });
    await assert.rejects(refused, (error: Error) => {
      assert.match(error.message, /does not start: .*(no such image|image not known)/);
      return failsWith("sandbox_unavailable")(error);
    });
    assert.ok(heard.includes("ErrImagePull"), heard.join());
    const nowhere = factory(options, { KUBECONFIG: join(root, "none") });
    await assert.rejects(nowhere.create(conversation()), /no Kubernetes cluster is configured.*KUBECONFIG/);
    const foreign = factory(options, env, { namespace: "others" });
    await assert.rejects(foreign.create(conversation()), /no right to others/);
    for (const workspace of ["/", "/etc/x", "/work"]) {
      await assert.rejects(factory(options, env).create({ ...conversation(), workspace }), /cannot be a workspace/);
    }
  });
});
