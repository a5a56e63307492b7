/** `npm run dev`: restarts the server when its sources change, and reloads the web UI when its sources do. */
import { join } from "node:path";
import { root } from "./environment.js";
import { runTogether } from "./processes.js";

/**
 * @param {string} node
 * @param {import("./processes.js").SpawnContext} context
 */
export function runDev(node, context) {
  return runTogether(
    [
      [node, "--watch", "--watch-preserve-output", join(root, "cli", "src", "main.ts"), "serve"],
      // Prints the address of the web UI.
      [node, join(root, "node_modules", "vite", "bin", "vite.js"), "web", "--clearScreen", "false"],
    ],
    context,
  );
}
