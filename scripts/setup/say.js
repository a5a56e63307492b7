/** Prints to stderr, because stdout belongs to the program that the user runs. @param {string} line */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

/** A failed setup. The message says what to do and is shown without a stack trace. */
export class SetupError extends Error {
  /** @override */
  name = "SetupError";
}

/**
 * Prints the line, runs `work`, and prints its duration.
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
