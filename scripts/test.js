/** `npm test`: the checks, then every test. All phases run, so that one look shows all that is wrong. */
import { filesUnder } from "./files.js";
import { runInForeground } from "./processes.js";

/** @typedef {import("./processes.js").Place} Place */

/** The checks of `npm run check`; each is a program of node_modules/.bin. */
export const checks = /** @type {const} */ ([
  ["types", "tsc", "-p", "."],
  ["types of web", "tsc", "-p", "web"],
  ["lint", "oxlint", "--type-aware", "--deny-warnings"],
  ["format", "oxfmt", "--check"],
  ["unused code", "knip"],
]);

const testFolders = ["protocol", "client", "server", "cli", "web", "bench", "test", "scripts"];
/** A test that hangs is a failed one; the longest that is meant to run takes half a minute. */
const testTimeoutMs = 120_000;

/** @param {Place} place */
export function runChecks(place) {
  return runPhases(checks, place);
}

/**
 * @param {string} node
 * @param {readonly string[]} files only these tests, without the checks; none: everything
 * @param {Place} place
 */
export function runTests(node, files, place) {
  const all = testFolders.flatMap(filesUnder).filter((path) => path.endsWith(".test.ts"));
  const options = ["--test", `--test-timeout=${testTimeoutMs}`, "--test-concurrency=2"];
  const tests = ["tests", node, ...options, ...(files.length > 0 ? files : all)];
  return runPhases(files.length > 0 ? [tests] : [...checks, tests], place);
}

/** Chance and crashes, so many times that a push can wait for it: some minutes on two cores. */
const long = {
  files: ["test/fuzz.test.ts", "test/kill-points.test.ts", "server/src/agent/history.test.ts"],
  fuzzRuns: 2000,
  histories: 2000,
  timeoutMs: 15 * 60_000,
};

/**
 * `npm run test:long`: what `npm test` tries a few times, many times.
 * @param {string} node
 * @param {Place} place
 */
export function runLongTests(node, place) {
  const env = {
    DECKHAND_FUZZ_RUNS: String(long.fuzzRuns),
    DECKHAND_HISTORY_RUNS: String(long.histories),
    DECKHAND_ALL_TESTS: "1",
    ...place.env,
  };
  const options = ["--test", `--test-timeout=${long.timeoutMs}`, "--test-concurrency=1"];
  return runPhases([["long tests", node, ...options, ...long.files]], { ...place, env });
}

/**
 * Resolves with 0 if all went well; ends with the list of what was run.
 * @param {readonly (readonly string[])[]} phases name, program, arguments
 * @param {Place} place
 */
async function runPhases(phases, place) {
  const rows = [];
  let failed = 0;
  for (const [name = "", command = "", ...args] of phases) {
    const startMs = Date.now();
    const code = await runInForeground(command, args, place);
    const seconds = ((Date.now() - startMs) / 1000).toFixed(1);
    rows.push(`${code === 0 ? "✔" : "✖"} ${name} (${seconds} s)`);
    if (code !== 0) failed++;
    // Ctrl-C ends all, not one phase.
    if (code === 130) break;
  }
  process.stdout.write(`\n${rows.join("\n")}\n`);
  return failed === 0 ? 0 : 1;
}
