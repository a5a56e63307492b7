import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";

/**
 * Runs a script that may write "loaded" whenever a package of the Kubernetes client is resolved, and returns its
 * output.
 */
async function outputOf(script: string): Promise<string> {
  const hooks = `
    import { registerHooks } from "node:module";
    registerHooks({
      resolve(specifier, context, next) {
        if (specifier.startsWith("@kubernetes/")) console.log("loaded");
        return next(specifier, context);
      },
    });
  `;
  const argv = ["--input-type=module", "--import", `data:text/javascript,${encodeURIComponent(hooks)}`, "-e", script];
  return (await promisify(execFile)(process.execPath, argv)).stdout;
}

const server = JSON.stringify(import.meta.resolve("../../../main.ts"));
const runtime = JSON.stringify(import.meta.resolve("./kubernetes.ts"));

test("[Z14] the Kubernetes client is loaded by the Kubernetes runtime, and by no other part of the server", async () => {
  assert.equal(await outputOf(`await import(${server}); await import(${runtime}); console.log("done")`), "done\n");
  const used = await outputOf(`
    const { kubernetesRuntimes } = await import(${runtime});
    const options = { dataHome: "/nowhere", userHome: "/nowhere", path: "", image: "none", reach: "none", readOnly: false };
    const { sentence } = await kubernetesRuntimes({ ...options, env: {}, startMs: 1000 }).status("/");
    console.log(/no Kubernetes cluster/.test(sentence) ? "done" : sentence);
  `);
  assert.equal(used, "loaded\ndone\n");
});
