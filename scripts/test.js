/** `npm test`: the checks, then the tests. Every phase runs even when one fails, so that one run shows all failures. */
import { filesUnder } from "./files.js";
import { runInForeground } from "./processes.js";

/** @typedef {import("./processes.js").SpawnContext} SpawnContext */

/** The checks of `npm run check`; each is a program of node_modules/.bin. */
export const checks = /** @type {const} */ ([
  ["types", "tsc", "-p", "."],
  ["types of web", "tsc", "-p", "web"],
  ["lint", "oxlint", "--type-aware", "--deny-warnings"],
  ["format", "oxfmt", "--check"],
  ["unused code", "knip"],
]);

const testFolders = ["protocol", "client", "server", "cli", "web", "bench", "test", "scripts"];
/** A test that hangs has failed; the slowest one takes half a minute on a quiet machine. */
const testTimeoutMs = 120_000;
/** Files at a time. More than there are cores: most tests wait for a process, a browser or a container engine. */
const concurrency = 3;

/** @param {SpawnContext} context */
export function runChecks(context) {
  return runPhases(checks, context);
}

/**
 * @param {string} node
 * @param {readonly string[]} args files: only these, without the checks; `--unit`: units and contracts, without the
 *   checks; nothing: everything
 * @param {SpawnContext} context
 */
export function runTests(node, args, context) {
  return runPhases(testRun(node, args), context);
}

/**
 * Name, program and arguments of each phase.
 * @param {string} node
 * @param {readonly string[]} args as of `runTests`
 * @returns {readonly (readonly string[])[]}
 */
export function testRun(node, args) {
  if (args.length > 0 && args[0] !== "--unit") return testPhases(node, args);
  const all = testFolders.flatMap(filesUnder).filter((path) => path.endsWith(".test.ts"));
  return args[0] === "--unit" ? testPhases(node, all.filter(isUnit)) : [...checks, ...testPhases(node, all)];
}

/**
 * Tests that measure time (`*.timing.test.ts`) run last and one file at a time, so that no other test competes with
 * them.
 * @param {string} node
 * @param {readonly string[]} files
 */
function testPhases(node, files) {
  const options = [node, "--test", `--test-timeout=${testTimeoutMs}`];
  const [timing, others] = [files.filter(isTiming), files.filter((path) => !isTiming(path))];
  return [
    ...(others.length > 0 ? [["tests", ...options, `--test-concurrency=${concurrency}`, ...others]] : []),
    ...(timing.length > 0 ? [["timing tests", ...options, "--test-concurrency=1", ...timing]] : []),
  ];
}

/** @param {string} path */
function isTiming(path) {
  return path.endsWith(".timing.test.ts");
}

/**
 * Units and contract suites: no tests of the whole server, container engines or the setup of a machine.
 * @param {string} path
 */
function isUnit(path) {
  return !isTiming(path) && !/^(?:test|scripts)\/|^server\/src\/runtime\/container\//.test(path);
}

/** Fuzzing and crash tests with enough runs to be worth a few minutes on two cores. */
const long = {
  files: ["test/fuzz.test.ts", "test/kill-points.test.ts", "server/src/agent/history.test.ts"],
  fuzzRuns: 2000,
  histories: 2000,
  timeoutMs: 15 * 60_000,
};

/**
 * `npm run test:long`: runs the randomised tests of `npm test` many more times.
 * @param {string} node
 * @param {SpawnContext} context
 */
export function runLongTests(node, context) {
  const env = {
    DECKHAND_FUZZ_RUNS: String(long.fuzzRuns),
    DECKHAND_HISTORY_RUNS: String(long.histories),
    DECKHAND_ALL_TESTS: "1",
    ...context.env,
  };
  const options = ["--test", `--test-timeout=${long.timeoutMs}`, "--test-concurrency=1"];
  return runPhases([["long tests", node, ...options, ...long.files]], { ...context, env });
}

/**
 * Prints the result of each phase at the end and resolves with 0 if all of them passed.
 * @param {readonly (readonly string[])[]} phases name, program, arguments
 * @param {SpawnContext} context
 */
async function runPhases(phases, context) {
  const rows = [];
  let failed = 0;
  for (const [name = "", command = "", ...args] of phases) {
    const startMs = Date.now();
    const code = await runInForeground(command, args, context);
    const seconds = ((Date.now() - startMs) / 1000).toFixed(1);
    rows.push(`${code === 0 ? "✔" : "✖"} ${name} (${seconds} s)`);
    if (code !== 0) failed++;
    // Ctrl-C ends the whole run, not one phase.
    if (code === 130) break;
  }
  process.stdout.write(`\n${rows.join("\n")}\n`);
  return failed === 0 ? 0 : 1;
}
