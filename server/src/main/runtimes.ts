/** Builds the configured runtime: where commands run. */
import { homedir } from "node:os";
import type { Config } from "../config/config.ts";
import type { Environment } from "../config/environment.ts";
import { bubblewrapRuntimes } from "../runtime/bubblewrap.ts";
import { dockerRuntimes } from "../runtime/container/docker/docker.ts";
import { kubernetesRuntimes } from "../runtime/container/kubernetes/kubernetes.ts";
import { hostRuntimes } from "../runtime/host.ts";
import { systemResolve } from "../runtime/network/proxy/reach.ts";
import { networkPolicy } from "../runtime/network/policy/rules.ts";
import { upstreamOf } from "../runtime/network/proxy/upstream.ts";
import type { RuntimeFactory } from "../runtime/runtime.ts";
import type { RuntimeOptions } from "../runtime/runtime-options.ts";

export function runtimeOptions(config: Config, environment: Environment): RuntimeOptions {
  const { memoryBytes, processes, cpus, fileBytes, protectedNames } = config.sandbox;
  return {
    dataHome: config.server.home,
    userHome: homedir(),
    // The PATH before npm prepended this project's own programs.
    path: environment["DECKHAND_USER_PATH"] ?? environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin",
    network: {
      policy: networkPolicy(config.network.policy, config.network.allow),
      resolve: systemResolve,
      upstream: upstreamOf(environment),
    },
    limits: {
      ...(memoryBytes === undefined ? {} : { memoryBytes }),
      ...(processes === undefined ? {} : { processes }),
      ...(cpus === undefined ? {} : { cpus }),
      ...(fileBytes === undefined ? {} : { fileBytes }),
    },
    ...(protectedNames === undefined ? {} : { protectedNames }),
  };
}

export function createRuntimes(config: Config, options: RuntimeOptions, env: Environment): RuntimeFactory {
  // There is no proxy in front of containers yet, so `allow` means no network.
  const reach = config.network.policy === "on" ? "default" : "none";
  const { image, root, workspace: workspaceIn, idleMinutes, keepDays } = config.container;
  const containers = {
    image,
    readOnly: root === "read-only",
    workspaceIn,
    idleMs: idleMinutes * 60_000,
    keepMs: keepDays * 86_400_000,
  };
  switch (config.sandbox.runtime) {
    case "bubblewrap":
      return bubblewrapRuntimes(options);
    case "docker":
      return dockerRuntimes({ ...options, ...containers, env, reach, isolated: bubblewrapRuntimes(options) });
    case "kubernetes": {
      const isolated = bubblewrapRuntimes(options);
      const { namespace, claim, runtimeClass, startSeconds } = config.kubernetes;
      const pods = { namespace, claim, runtimeClass, startMs: startSeconds * 1000 };
      return kubernetesRuntimes({ ...options, ...containers, ...pods, env, reach, isolated });
    }
    case "host":
      return hostRuntimes(options);
  }
}
