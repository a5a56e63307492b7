/** `node scripts/run.js NAME [argument…]`: the entry point of the npm scripts. Each runs the setup first. */
import { join } from "node:path";
import { environment, isMain, root, userDirectory } from "./environment.js";
import { runDev } from "./dev.js";
import { runInForeground } from "./processes.js";
import { setup } from "./setup.js";
import { SetupError, say } from "./setup/say.js";
import { runChecks, runLongTests, runTests } from "./test.js";
import { buildWeb } from "./web.js";

/** @typedef {{ node: string, args: readonly string[], context: import("./processes.js").SpawnContext }} Run */

/** @type {Record<string, { all?: true, run: (run: Run) => Promise<number> }>} */
const commands = {
  start: { run: serve },
  dev: { run: ({ node, context }) => runDev(node, context) },
  deckhand: { run: (run) => (run.args[0] === "serve" ? serve({ ...run, args: run.args.slice(1) }) : runCli(run)) },
  "model-server": { run: (run) => runSource("server/src/llm/scripted/model-server.ts", inUserDirectory(run)) },
  bench: { run: bench },
  record: { all: true, run: (run) => runSource("test/recordings/record.ts", run) },
  screenshots: { all: true, run: screenshots },
  docs: { run: (run) => runSource("scripts/docs.ts", run) },
  check: { run: ({ context }) => runChecks(context) },
  format: { run: ({ args, context }) => runInForeground("oxfmt", args, context) },
  test: { all: true, run: test },
  "test:long": { run: ({ node, context }) => runLongTests(node, context) },
};

/** @param {string} name @param {readonly string[]} args */
async function runCommand(name, args) {
  const command = commands[name];
  if (command === undefined) throw new SetupError(`usage: run.js ${Object.keys(commands).join("|")} [argument…]`);
  const node = setup({ all: command.all === true });
  return command.run({ node, args, context: { cwd: root, env: environment(node) } });
}

/** @param {Run} run */
function serve(run) {
  buildWeb(run.node);
  return runCli({ ...run, args: ["serve", ...run.args] });
}

/** @param {Run} run */
function runCli(run) {
  return runSource("cli/src/main.ts", inUserDirectory(run));
}

/** @param {Run} run */
function test({ node, args, context }) {
  buildWeb(node);
  return runTests(node, args, context);
}

/** @param {Run} run */
function bench(run) {
  buildWeb(run.node);
  return runSource("bench/src/main.ts", run);
}

/** @param {Run} run */
function screenshots(run) {
  buildWeb(run.node);
  return runSource("test/screenshots/main.ts", run);
}

/** @param {string} source @param {Run} run */
function runSource(source, { node, args, context }) {
  return runInForeground(node, [join(root, source), ...args], context);
}

/** @param {Run} run @returns {Run} */
function inUserDirectory(run) {
  return { ...run, context: { ...run.context, cwd: userDirectory() } };
}

/**
 * Runs the command and sets the exit code. Setup errors are shown without a stack trace.
 * @param {readonly string[]} argv
 */
export async function main([name = "", ...args]) {
  try {
    process.exitCode = await runCommand(name, args);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(error.message);
    process.exitCode = 1;
  }
}

if (isMain(import.meta.url)) await main(process.argv.slice(2));
