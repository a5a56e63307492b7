/** A minimal server for tests that run it as another user or kill it: `node bubblewrap.child.ts KIND ROOT command…`. */
import { join } from "node:path";
import { bubblewrapRuntimes } from "./bubblewrap.ts";
import type { Limits } from "./sandbox/limits/limits.ts";
import { hostRuntimes } from "./host.ts";
import { systemResolve } from "./network/proxy/reach.ts";
import { networkPolicy } from "./network/policy/rules.ts";
import { run } from "./runtime.contract.ts";

const [kind = "", root = "", ...commands] = process.argv.slice(2);
/** `bubblewrap:RULE`: with a network in which the rule's host is reachable. */
const [runtimeKind = "", ...rule] = kind.split(":");
const network = {
  policy: networkPolicy("allow", rule.length > 0 ? [rule.join(":")] : []),
  resolve: systemResolve,
  upstream: undefined,
};
const options = {
  dataHome: join(root, "data"),
  userHome: join(root, "user"),
  path: process.env["PATH"] ?? "",
  limits: JSON.parse(process.env["LIMITS"] ?? "{}") as Partial<Limits>,
  ...(rule.length > 0 && { network }),
};
const factory = runtimeKind === "host" ? hostRuntimes(options) : bubblewrapRuntimes(options);
const runtime = await factory.create({ workspace: join(root, "workspace"), home: join(root, "data", "conversation") });
for (const command of commands) {
  const { output, limit } = await run(runtime, command);
  process.stdout.write(output + (limit === undefined ? "" : `[${limit.kind} ${limit.max}]\n`));
}
process.stdout.write("ready\n");
// Runs until it is killed or its input ends.
for await (const _ of process.stdin);
await runtime[Symbol.asyncDispose]();
