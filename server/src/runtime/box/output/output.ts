/**
 * What a command prints, in bounded memory: head and tail of what it comes to (tidy.ts), and once it is more than both, a file with all
 * of it as it came. Whoever follows gets the newest; what comes faster than it is taken is dropped for him, never for the file.
 */
import { Kept } from "./kept.ts";
import { Live } from "./live.ts";
import { Tidy } from "./tidy.ts";
import { maxFileBytes, WholeFile, type OutputFiles } from "./whole-file.ts";

export interface KeptOutput {
  readonly output: string;
  readonly whole?: { readonly path: string; readonly sizeBytes: number; readonly cut: boolean };
}

export class Output {
  readonly #files: OutputFiles;
  readonly #keepBytes: number;
  readonly #live = new Live();
  readonly #tidy = new Tidy();
  /** Since the last look. */
  #kept: Kept;
  /** As it came, until it is too much. */
  #first: Buffer[] | undefined = [];
  #file: WholeFile | undefined;
  #totalBytes = 0;

  /** `keepBytes`: half for the head, half for the tail. */
  constructor(files: OutputFiles, keepBytes: number) {
    this.#files = files;
    this.#keepBytes = 2 * Math.max(1, Math.floor(keepBytes / 2));
    this.#kept = new Kept(keepBytes);
  }

  add(bytes: Buffer): void {
    this.#live.add(bytes);
    this.#kept.add(this.#tidy.add(bytes));
    this.#totalBytes += bytes.length;
    if (this.#first !== undefined) {
      this.#first.push(bytes);
      if (this.#first.length > 256) this.#first = [Buffer.concat(this.#first)];
      if (this.#totalBytes <= this.#keepBytes) return;
      this.#file = new WholeFile(this.#files, this.#first);
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
  async look(): Promise<KeptOutput> {
    return this.#result(await this.#file?.path());
  }

  /** What came since the last look. Waits until the file is written. */
  async end(): Promise<KeptOutput> {
    return this.#result(await this.#file?.end());
  }

  #result(path: string | undefined): KeptOutput {
    const output = this.peek();
    this.#kept = new Kept(this.#keepBytes);
    if (path === undefined) return { output };
    return { output, whole: { path, sizeBytes: this.#totalBytes, cut: this.#totalBytes > maxFileBytes } };
  }
}
