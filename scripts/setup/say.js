/** Progress goes to stderr: stdout belongs to what the user runs. @param {string} line */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

/** What cannot be set up, and what to do about it; shown without a stack. */
export class SetupError extends Error {
  /** @override */
  name = "SetupError";
}

/**
 * Runs `work` with a line before and the time after.
 * @template T
 * @param {string} line
 * @param {() => T} work
 * @returns {T}
 */
export function withProgress(line, work) {
  say(`${line} …`);
  const startMs = Date.now();
  const result = work();
  say(`  done in ${((Date.now() - startMs) / 1000).toFixed(1)} s`);
  return result;
}
