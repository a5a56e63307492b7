/**
 * What a command prints, in bounded memory: the head and tail of its cleaned-up output (output-cleaner.ts) and, once
 * the raw output is larger than both, a file with all of it. A follower gets the newest output; what it does not fetch
 * in time is dropped for the follower, never for the file.
 */
import { HeadTailBuffer, startOfWholeCharacters } from "./head-tail-buffer.ts";
import { OutputCleaner } from "./output-cleaner.ts";
import { maxFileBytes, OutputFile, type OutputFiles } from "./output-file.ts";

export interface CollectedOutput {
  readonly output: string;
  readonly fullOutput?: { readonly path: string; readonly sizeBytes: number; readonly cut: boolean };
}

/** A command may print byte by byte. */
const maxParts = 256;

export class OutputBuffer {
  readonly #files: OutputFiles;
  readonly #maxBytes: number;
  readonly #live = new LiveOutput();
  readonly #cleaner = new OutputCleaner();
  /** Since the last `collect`. */
  #retained: HeadTailBuffer;
  /** The raw output, as long as it is small. */
  #raw: Buffer[] | undefined = [];
  #file: OutputFile | undefined;
  #totalBytes = 0;

  /** Half of `maxBytes` for the head, half for the tail. */
  constructor(files: OutputFiles, maxBytes: number) {
    this.#files = files;
    this.#maxBytes = 2 * Math.max(1, Math.floor(maxBytes / 2));
    this.#retained = new HeadTailBuffer(maxBytes);
  }

  add(bytes: Buffer): void {
    this.#live.add(bytes);
    this.#retained.add(this.#cleaner.add(bytes));
    this.#totalBytes += bytes.length;
    if (this.#raw === undefined) {
      this.#file?.add(bytes);
      return;
    }
    this.#raw.push(bytes);
    if (this.#raw.length > maxParts) this.#raw = [Buffer.concat(this.#raw)];
    if (this.#totalBytes <= this.#maxBytes) return;
    this.#file = new OutputFile(this.#files, this.#raw);
    this.#raw = undefined;
  }

  /** The output since the last call, as valid UTF-8; only the newest of it if there was too much. */
  takeLive(): string {
    return this.#live.take();
  }

  /** The output since the last `collect`, which the next one returns again. */
  peek(): string {
    this.#retained.add(this.#cleaner.flush());
    return this.#retained.text();
  }

  /** The output since the last call. The file may lag behind. */
  async collect(): Promise<CollectedOutput> {
    return this.#result(await this.#file?.path());
  }

  /** The output since the last `collect`, once the file is written. */
  async finish(): Promise<CollectedOutput> {
    return this.#result(await this.#file?.end());
  }

  #result(path: string | undefined): CollectedOutput {
    const output = this.peek();
    this.#retained = new HeadTailBuffer(this.#maxBytes);
    if (path === undefined) return { output };
    return { output, fullOutput: { path, sizeBytes: this.#totalBytes, cut: this.#totalBytes > maxFileBytes } };
  }
}

const maxLiveBytes = 64 * 1024;

/** The newest output for a follower; what is not fetched in time is dropped. */
class LiveOutput {
  #parts: Buffer[] = [];
  #bytes = 0;
  #hasGap = false;
  #decoder = new TextDecoder();

  add(bytes: Buffer): void {
    if (this.#bytes + bytes.length > maxLiveBytes) {
      this.#parts = [];
      this.#bytes = 0;
      this.#hasGap = true;
    }
    this.#parts.push(bytes);
    this.#bytes += bytes.length;
  }

  take(): string {
    if (this.#bytes === 0) return "";
    let bytes = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#bytes = 0;
    if (this.#hasGap) {
      this.#hasGap = false;
      this.#decoder = new TextDecoder();
      bytes = bytes.subarray(startOfWholeCharacters(bytes));
    }
    return this.#decoder.decode(bytes, { stream: true });
  }
}
