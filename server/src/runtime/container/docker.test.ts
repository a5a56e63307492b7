import { after, before, describe } from "node:test";
import type { RuntimeOptions } from "../wall/options.ts";
import { runtimeContract } from "../runtime.contract.ts";
import { dockerRuntimes } from "./docker.ts";
import { noPodman, startPodman, type Podman } from "./podman.test-kit.ts";

const skip = noPodman();

describe("containers", { skip }, () => {
  let podman: Podman;
  before(async () => {
    podman = await startPodman();
  });
  after(() => podman[Symbol.asyncDispose]());

  runtimeContract("the docker runtime over Podman", (options: RuntimeOptions) =>
    dockerRuntimes({
      ...options,
      env: podman.env,
      image: podman.bashImage,
      network: "none",
      readOnly: false,
      limits: { processes: 200 },
      workspaceIn: "folder",
      idleMs: 60_000,
      keepMs: 60_000,
    }),
  );
});
