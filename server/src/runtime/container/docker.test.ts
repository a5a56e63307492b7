import { after, describe } from "node:test";
import { runtimeContract } from "../runtime.contract.ts";
import type { RuntimeOptions } from "../wall/options.ts";
import { dockerRuntimes, type DockerOptions } from "./docker.ts";
import { noPodman, startPodman, type Podman } from "./podman.test-kit.ts";

const skip = noPodman();
const podman: Podman | undefined = skip === false ? await startPodman() : undefined;
after(() => podman?.[Symbol.asyncDispose]());

const usual = {
  env: podman?.env ?? {},
  image: podman?.bashImage ?? "",
  network: "none",
  readOnly: false,
  limits: { processes: 200 },
  workspaceIn: "folder",
  idleMs: 60_000,
  keepMs: 60_000,
} as const;

const factory = (options: RuntimeOptions, more: Partial<DockerOptions> = {}) =>
  dockerRuntimes({ ...options, ...usual, ...more });

describe("containers", { skip }, () => {
  runtimeContract("the docker runtime over Podman", factory);
});
