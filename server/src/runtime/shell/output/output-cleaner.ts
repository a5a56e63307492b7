/**
 * What a terminal would have left of what a command printed: of a line that was begun anew with a carriage return, as progress bars
 * do, what was written last, and no escape codes (ECMA-48: CSI sequences, OSC and other strings, single ones).
 */
const cr = 0x0d;
const lf = 0x0a;
const esc = 0x1b;
/** A line of which more than this waits for its end is let go as it is, in bounded memory. */
const maxLineBytes = 16 * 1024;

export class OutputCleaner {
  /** The line that has no end yet, as it came. */
  #line: Buffer = Buffer.alloc(0);

  /** What is settled: all lines that have ended. */
  add(bytes: Buffer): Buffer {
    const end = bytes.lastIndexOf(lf) + 1;
    const rest = bytes.subarray(end);
    if (end === 0 && this.#line.length + rest.length <= maxLineBytes) {
      this.#line = Buffer.concat([this.#line, rest]);
      return none;
    }
    if (end === 0) {
      // Of one long line of progress only the last state counts, as of a short one.
      const all = Buffer.concat([this.#line, rest]);
      const from = all.lastIndexOf(cr, all.length - 2) + 1;
      const last = all.subarray(from);
      if (from > 0 && last.length <= maxLineBytes) {
        this.#line = Buffer.from(last);
        return none;
      }
      this.#line = none;
      return tidied(all);
    }
    const settled =
      this.#line.length === 0 ? bytes.subarray(0, end) : Buffer.concat([this.#line, bytes.subarray(0, end)]);
    // A copy: else a few bytes would keep all that was read with them.
    this.#line = Buffer.from(rest.subarray(Math.max(0, rest.length - maxLineBytes)));
    const dropped = rest.subarray(0, rest.length - this.#line.length);
    return tidied(dropped.length === 0 ? settled : Buffer.concat([settled, dropped]));
  }

  /** The line that has no end yet; what follows counts as a new one. */
  flush(): Buffer {
    const line = this.#line;
    this.#line = none;
    return tidied(line);
  }
}

const none = Buffer.alloc(0);

function tidied(bytes: Buffer): Buffer {
  if (bytes.indexOf(cr) === -1 && bytes.indexOf(esc) === -1) return bytes;
  // Bytes as characters: what is looked for is ASCII, and everything else comes back as it was.
  const text = bytes.toString("latin1").replaceAll(escapes, "");
  const written = /\r[^\r\n]/.test(text) ? text.split("\n").map(lastWritten).join("\n") : text;
  return Buffer.from(written, "latin1");
}

/** A carriage return at the end belongs to the line's end. */
function lastWritten(line: string): string {
  let end = line.length;
  while (end > 0 && line[end - 1] === "\r") end -= 1;
  const from = line.lastIndexOf("\r", end - 1) + 1;
  return end === 0 ? line : line.slice(from);
}

// oxlint-disable-next-line no-control-regex -- control characters are what this is about
const escapes = /\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]{0,4096}(?:\x07|\x1b\\)|[ -/]{1,4}[0-~]|[0-Z\\^-~])/g;
