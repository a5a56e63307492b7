/** Where commands run, by what is configured. */
import { homedir } from "node:os";
import type { Config } from "../config/config.ts";
import { bubblewrapRuntimes } from "../runtime/bubblewrap.ts";
import { dockerRuntimes } from "../runtime/container/docker/docker.ts";
import { kubernetesRuntimes } from "../runtime/container/kubernetes/kubernetes.ts";
import { hostRuntimes } from "../runtime/host.ts";
import { systemResolve } from "../runtime/network/proxy/reach.ts";
import { networkPolicy } from "../runtime/network/policy/rules.ts";
import { upstreamOf } from "../runtime/network/proxy/upstream.ts";
import type { RuntimeFactory } from "../runtime/runtime.ts";
import type { RuntimeOptions } from "../runtime/wall/options.ts";

export function runtimeOptions(config: Config, env: Readonly<Record<string, string | undefined>>): RuntimeOptions {
  return {
    dataHome: config.home,
    userHome: homedir(),
    // As it was before npm put this project's own programs in front.
    path: env["DECKHAND_USER_PATH"] ?? env["PATH"] ?? "/usr/local/bin:/usr/bin:/bin",
    network: {
      policy: networkPolicy(config.network, config.networkAllow),
      resolve: systemResolve,
      upstream: upstreamOf(env),
    },
    limits: config.commandLimits,
    ...(config.protectedNames === undefined ? {} : { protectedNames: config.protectedNames }),
  };
}

export function createRuntimes(
  config: Config,
  options: RuntimeOptions,
  env: Readonly<Record<string, string | undefined>>,
): RuntimeFactory {
  // A proxy in front of containers is not there yet, so `allow` is nothing.
  const reach = config.network === "on" ? "default" : "none";
  switch (config.runtime) {
    case "bubblewrap":
      return bubblewrapRuntimes(options);
    case "docker":
      return dockerRuntimes({ ...options, ...config.container, env, reach, apart: bubblewrapRuntimes(options) });
    case "kubernetes": {
      const apart = bubblewrapRuntimes(options);
      return kubernetesRuntimes({ ...options, ...config.container, ...config.pods, env, reach, apart });
    }
    case "host":
      return hostRuntimes(options);
  }
}
