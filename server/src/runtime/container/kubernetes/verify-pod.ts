/** Runs the escape checks in a pod, plus a connection to the cluster's API server. */
import type { Exec } from "../container-host.ts";
import { escapeChecks, escapeScript, outputOf, type ContainerVerification } from "../escape-checks.ts";
import { bashLauncher, shLauncher } from "../shell-launcher.ts";
import { podUser } from "./pod-spec.ts";

/**
 * Checks of escape-checks.sh that are meaningful in a pod, which always has network interfaces and its own network
 * namespace.
 */
const podChecks = [1, 5, 6, 7, 8, 9];
const tokenCheck = 1;
const workspaceCheck = 8;
const programCheck = 9;
const tokenPath = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/** `apiServer` is the address of the cluster's API server, which must not be reachable if `networkOff`. */
export async function verifyPod(exec: Exec, apiServer: URL, networkOff: boolean): Promise<ContainerVerification> {
  await outputOf({ exec }, ["sh", "-c", "echo given >given"]);
  const values = ["/none", "none", String(podUser), tokenPath];
  const output = await outputOf({ exec }, ["sh", "-c", escapeScript, "deckhand-checks", ...values]);
  const passed = new Set([...output.matchAll(/^out (\d+)$/gm)].map((match) => Number(match[1])));
  if ((await outputOf({ exec }, ["cat", "made"])) !== "made inside") passed.delete(workspaceCheck);
  const checks = podChecks.map((i) => ({
    group: escapeChecks[i]?.[0] ?? "",
    name: i === tokenCheck ? "no service account token is mounted" : (escapeChecks[i]?.[1] ?? ""),
    held: passed.has(i) === (i === workspaceCheck || i === programCheck),
  }));
  const hasBash = /^bash$/m.test(output);
  const launcher = hasBash ? bashLauncher : shLauncher;
  if (!networkOff) return { checks, whyEnded: "", launcher };
  const network = {
    group: "network",
    name: "the cluster's API server cannot be reached",
    // Without bash in the image nothing can be proven, because no other program is certain to be there.
    held: hasBash && !(await reaches(exec, apiServer)),
  };
  return { checks: [...checks, network], whyEnded: "", launcher };
}

async function reaches(exec: Exec, { hostname, port, protocol }: URL): Promise<boolean> {
  const target = `/dev/tcp/${hostname}/${port || (protocol === "https:" ? "443" : "80")}`;
  const output = await outputOf({ exec }, ["timeout", "3", "bash", "-c", `: <${target} && echo reached`]);
  return output.includes("reached");
}
