/** The head and tail of a text, in bounded memory. */

/** Parts of the tail that are kept separately: a command may print byte by byte. */
const maxParts = 256;

export class HeadTailBuffer {
  readonly #half: number;
  readonly #head: Buffer[] = [];
  #headBytes = 0;
  #tail: Buffer[] = [];
  #tailBytes = 0;
  #totalBytes = 0;

  /** Half of `maxBytes` for the head, half for the tail. */
  constructor(maxBytes: number) {
    this.#half = Math.max(1, Math.floor(maxBytes / 2));
  }

  add(bytes: Buffer): void {
    this.#totalBytes += bytes.length;
    const forHead = bytes.subarray(0, this.#half - this.#headBytes);
    if (forHead.length > 0) this.#head.push(forHead);
    this.#headBytes += forHead.length;
    const rest = bytes.subarray(forHead.length);
    if (rest.length === 0) return;
    this.#tail.push(rest);
    this.#tailBytes += rest.length;
    if (this.#tail.length > maxParts) this.#tail = [Buffer.concat(this.#tail)];
    for (let first = this.#tail[0]; first && this.#tailBytes - first.length >= this.#half; first = this.#tail[0]) {
      this.#tail.shift();
      this.#tailBytes -= first.length;
    }
  }

  /** Valid UTF-8; a line `[... N bytes left out ...]` replaces the middle. */
  text(): string {
    const head = Buffer.concat(this.#head);
    const tail = Buffer.concat(this.#tail);
    if (this.#totalBytes <= 2 * this.#half) return Buffer.concat([head, tail]).toString("utf8");
    const first = head.subarray(0, endOfWholeCharacters(head));
    const lastHalf = tail.subarray(Math.max(0, tail.length - this.#half));
    const last = lastHalf.subarray(startOfWholeCharacters(lastHalf));
    const omittedBytes = this.#totalBytes - first.length - last.length;
    return `${first.toString("utf8")}\n[... ${omittedBytes} bytes left out ...]\n${last.toString("utf8")}`;
  }
}

/**
 * Where the last complete character ends, in UTF-8 that was cut anywhere. At most three bytes of a character are
 * missing: RFC 3629.
 */
export function endOfWholeCharacters(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) break;
    if (byte >= 0xc0) {
      const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return length > back ? bytes.length - back : bytes.length;
    }
  }
  return bytes.length;
}

/** Where the first complete character begins. */
export function startOfWholeCharacters(bytes: Buffer): number {
  let start = 0;
  while (start < 3 && start < bytes.length && ((bytes[start] ?? 0) & 0xc0) === 0x80) start++;
  return start;
}
