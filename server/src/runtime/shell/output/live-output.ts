import { startOfWholeCharacters } from "./head-tail-buffer.ts";

const maxLiveBytes = 64 * 1024;

/** The newest, for whoever follows; what comes faster than it is taken is dropped. */
export class LiveOutput {
  #parts: Buffer[] = [];
  #bytes = 0;
  #gap = false;
  #decoder = new TextDecoder();

  add(bytes: Buffer): void {
    if (this.#bytes + bytes.length > maxLiveBytes) {
      this.#parts = [];
      this.#bytes = 0;
      this.#gap = true;
    }
    this.#parts.push(bytes);
    this.#bytes += bytes.length;
  }

  /** What came since the last call, valid UTF-8; the newest where it is too much. */
  take(): string {
    if (this.#bytes === 0) return "";
    let bytes = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#bytes = 0;
    if (this.#gap) {
      this.#gap = false;
      this.#decoder = new TextDecoder();
      bytes = bytes.subarray(startOfWholeCharacters(bytes));
    }
    return this.#decoder.decode(bytes, { stream: true });
  }
}
