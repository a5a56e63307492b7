/**
 * What a command prints, in bounded memory: head and tail of what it comes to (output-cleaner.ts), and once it is more than both, a file with all
 * of it as it came. Whoever follows gets the newest; what comes faster than it is taken is dropped for him, never for the file.
 */
import { HeadTailBuffer } from "./head-tail-buffer.ts";
import { LiveOutput } from "./live-output.ts";
import { OutputCleaner } from "./output-cleaner.ts";
import { maxFileBytes, OutputFile, type OutputFiles } from "./output-file.ts";

export interface CollectedOutput {
  readonly output: string;
  readonly fullOutput?: { readonly path: string; readonly sizeBytes: number; readonly cut: boolean };
}

export class OutputBuffer {
  readonly #files: OutputFiles;
  readonly #keepBytes: number;
  readonly #live = new LiveOutput();
  readonly #tidy = new OutputCleaner();
  /** Since the last look. */
  #kept: HeadTailBuffer;
  /** As it came, until it is too much. */
  #first: Buffer[] | undefined = [];
  #file: OutputFile | undefined;
  #totalBytes = 0;

  /** `keepBytes`: half for the head, half for the tail. */
  constructor(files: OutputFiles, keepBytes: number) {
    this.#files = files;
    this.#keepBytes = 2 * Math.max(1, Math.floor(keepBytes / 2));
    this.#kept = new HeadTailBuffer(keepBytes);
  }

  add(bytes: Buffer): void {
    this.#live.add(bytes);
    this.#kept.add(this.#tidy.add(bytes));
    this.#totalBytes += bytes.length;
    if (this.#first !== undefined) {
      this.#first.push(bytes);
      if (this.#first.length > 256) this.#first = [Buffer.concat(this.#first)];
      if (this.#totalBytes <= this.#keepBytes) return;
      this.#file = new OutputFile(this.#files, this.#first);
      this.#first = undefined;
    } else this.#file?.add(bytes);
  }

  /** What came since the last call, valid UTF-8; the newest where it is too much. */
  takeLive(): string {
    return this.#live.take();
  }

  /** What came since the last look, and will be there at the next. */
  peek(): string {
    this.#kept.add(this.#tidy.flush());
    return this.#kept.text();
  }

  /** What came since the last look; the file may lag behind. */
  async collect(): Promise<CollectedOutput> {
    return this.#result(await this.#file?.path());
  }

  /** What came since the last look. Waits until the file is written. */
  async finish(): Promise<CollectedOutput> {
    return this.#result(await this.#file?.end());
  }

  #result(path: string | undefined): CollectedOutput {
    const output = this.peek();
    this.#kept = new HeadTailBuffer(this.#keepBytes);
    if (path === undefined) return { output };
    return { output, fullOutput: { path, sizeBytes: this.#totalBytes, cut: this.#totalBytes > maxFileBytes } };
  }
}
