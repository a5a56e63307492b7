/**
 * Reduces output to what a terminal would show in the end: of a line that was restarted with carriage returns, as
 * progress bars do, only the last version, and no escape sequences (ECMA-48: CSI sequences, OSC and other strings,
 * single ones).
 */
const cr = 0x0d;
const lf = 0x0a;
const esc = 0x1b;
/** A longer line is passed on before its end, to bound memory. */
const maxLineBytes = 16 * 1024;

export class OutputCleaner {
  /** The incomplete last line, raw. */
  #line: Buffer = Buffer.alloc(0);

  /** Returns the lines that are complete by now. */
  add(bytes: Buffer): Buffer {
    const end = bytes.lastIndexOf(lf) + 1;
    const rest = bytes.subarray(end);
    if (end === 0 && this.#line.length + rest.length <= maxLineBytes) {
      this.#line = Buffer.concat([this.#line, rest]);
      return empty;
    }
    if (end === 0) {
      // Of a long line of progress only the last version matters, as of a short one.
      const all = Buffer.concat([this.#line, rest]);
      const from = all.lastIndexOf(cr, all.length - 2) + 1;
      const last = all.subarray(from);
      if (from > 0 && last.length <= maxLineBytes) {
        this.#line = Buffer.from(last);
        return empty;
      }
      this.#line = empty;
      return cleaned(all);
    }
    const complete =
      this.#line.length === 0 ? bytes.subarray(0, end) : Buffer.concat([this.#line, bytes.subarray(0, end)]);
    // A copy: otherwise a few bytes would keep the whole chunk in memory.
    this.#line = Buffer.from(rest.subarray(Math.max(0, rest.length - maxLineBytes)));
    const dropped = rest.subarray(0, rest.length - this.#line.length);
    return cleaned(dropped.length === 0 ? complete : Buffer.concat([complete, dropped]));
  }

  /** Returns the incomplete last line; what follows counts as a new line. */
  flush(): Buffer {
    const line = this.#line;
    this.#line = empty;
    return cleaned(line);
  }
}

const empty = Buffer.alloc(0);

function cleaned(bytes: Buffer): Buffer {
  if (bytes.indexOf(cr) === -1 && bytes.indexOf(esc) === -1) return bytes;
  // Latin-1 maps bytes to characters and back unchanged; what is searched for is ASCII.
  const text = bytes.toString("latin1").replaceAll(escapes, "");
  const written = /\r[^\r\n]/.test(text) ? text.split("\n").map(lastVersion).join("\n") : text;
  return Buffer.from(written, "latin1");
}

/** A carriage return at the end is part of the line ending. */
function lastVersion(line: string): string {
  let end = line.length;
  while (end > 0 && line[end - 1] === "\r") end -= 1;
  const from = line.lastIndexOf("\r", end - 1) + 1;
  return end === 0 ? line : line.slice(from);
}

// oxlint-disable-next-line no-control-regex -- control characters are what this is about
const escapes = /\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]{0,4096}(?:\x07|\x1b\\)|[ -/]{1,4}[0-~]|[0-Z\\^-~])/g;
