/** `npm run dev`: the server starts again when its sources change, the page reloads when the web UI's do. */
import { join } from "node:path";
import { root } from "./environment.js";
import { runTogether } from "./processes.js";

/**
 * @param {string} node
 * @param {import("./processes.js").Place} place
 */
export function runDev(node, place) {
  return runTogether(
    [
      [node, "--watch", "--watch-preserve-output", join(root, "cli", "src", "main.ts"), "serve"],
      // Prints the address of the page.
      [node, join(root, "node_modules", "vite", "bin", "vite.js"), "web", "--clearScreen", "false"],
    ],
    place,
  );
}
