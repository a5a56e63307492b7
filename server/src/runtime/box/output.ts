/**
 * What a command prints, in bounded memory: its head, its tail, and once it is more than both, a file with all of it. Whoever follows
 * gets the newest; what comes faster than it is taken is dropped for him, never for the file.
 */
import { mkdir, open, readdir } from "node:fs/promises";
import { join } from "node:path";

/** The file ends here; so a command that prints for ever fills no disk. */
export const maxFileBytes = 64 * 1024 * 1024;
const maxLiveBytes = 64 * 1024;
/** A command may print byte by byte. */
const maxParts = 256;

/** Where a whole output goes; closed when disposed of. */
export interface OutputSink extends AsyncDisposable {
  writev(parts: readonly Buffer[]): Promise<unknown>;
}

export interface OutputFiles {
  /** Makes the next empty file; `path` is what commands call it. */
  create(): Promise<{ readonly file: OutputSink; readonly path: string }>;
}

/** Files 1.txt, 2.txt … in `folder`; they go on counting where an earlier server left off. */
export function outputFiles(folder: string, folderInside: string): OutputFiles {
  let last: number | undefined;
  return {
    async create() {
      await mkdir(folder, { recursive: true });
      last ??= Math.max(
        0,
        ...(await readdir(folder)).map((name) => Number.parseInt(name, 10)).filter(Number.isInteger),
      );
      for (;;) {
        last += 1;
        try {
          const file = await open(join(folder, `${last}.txt`), "wx", 0o644);
          return { file, path: join(folderInside, `${last}.txt`) };
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
        }
      }
    },
  };
}

export interface KeptOutput {
  readonly output: string;
  readonly whole?: { readonly path: string; readonly sizeBytes: number; readonly cut: boolean };
}

export class Output {
  readonly #files: OutputFiles;
  readonly #half: number;
  readonly #head: Buffer[] = [];
  #headBytes = 0;
  #tail: Buffer[] = [];
  #tailBytes = 0;
  #totalBytes = 0;
  #file: Spill | undefined;
  readonly #live = new Live();

  /** `keepBytes`: half for the head, half for the tail. */
  constructor(files: OutputFiles, keepBytes: number) {
    this.#files = files;
    this.#half = Math.max(1, Math.floor(keepBytes / 2));
  }

  add(bytes: Buffer): void {
    this.#live.add(bytes);
    this.#totalBytes += bytes.length;
    if (this.#file === undefined && this.#totalBytes > 2 * this.#half) {
      this.#file = new Spill(this.#files, [...this.#head, ...this.#tail]);
    }
    this.#file?.add(bytes);
    const room = this.#half - this.#headBytes;
    const forHead = bytes.subarray(0, room);
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

  /** What came since the last call, valid UTF-8; the newest where it is too much. */
  takeLive(): string {
    return this.#live.take();
  }

  /** Waits until the file is written. */
  async end(): Promise<KeptOutput> {
    const head = Buffer.concat(this.#head);
    const tail = Buffer.concat(this.#tail);
    if (this.#file === undefined) return { output: Buffer.concat([head, tail]).toString("utf8") };
    const first = head.subarray(0, endOfWholeCharacters(head));
    const lastHalf = tail.subarray(Math.max(0, tail.length - this.#half));
    const last = lastHalf.subarray(startOfWholeCharacters(lastHalf));
    const left = this.#totalBytes - first.length - last.length;
    const output = `${first.toString("utf8")}\n[... ${left} bytes left out ...]\n${last.toString("utf8")}`;
    const path = await this.#file.end();
    if (path === undefined) return { output };
    return { output, whole: { path, sizeBytes: this.#totalBytes, cut: this.#totalBytes > maxFileBytes } };
  }
}

/** Appends in order, one write at a time; what waits is at most what the file may hold. */
class Spill {
  #waiting: Buffer[];
  #bytes = 0;
  readonly #written: Promise<string | undefined>;
  #wake: (() => void) | undefined;
  #ended = false;

  constructor(files: OutputFiles, first: readonly Buffer[]) {
    this.#waiting = [...first];
    this.#bytes = first.reduce((sum, part) => sum + part.length, 0);
    this.#written = this.#write(files);
  }

  add(bytes: Buffer): void {
    const part = bytes.subarray(0, maxFileBytes - this.#bytes);
    if (part.length === 0) return;
    this.#bytes += part.length;
    this.#waiting.push(part);
    this.#wake?.();
  }

  /** The file's path, or nothing where the disk did not take it. */
  end(): Promise<string | undefined> {
    this.#ended = true;
    this.#wake?.();
    return this.#written;
  }

  async #write(files: OutputFiles): Promise<string | undefined> {
    try {
      const { file, path } = await files.create();
      await using _ = file;
      for (;;) {
        const parts = this.#waiting;
        this.#waiting = [];
        if (parts.length > 0) await file.writev(parts);
        else if (this.#ended) return path;
        else await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } catch {
      this.#bytes = maxFileBytes;
      this.#waiting = [];
      return undefined;
    }
  }
}

class Live {
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

/** Where the last character that is whole ends, in text cut anywhere: RFC 3629, at most three bytes of a character are missing. */
function endOfWholeCharacters(bytes: Buffer): number {
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

/** Where the first character that is whole begins. */
export function startOfWholeCharacters(bytes: Buffer): number {
  let start = 0;
  while (start < 3 && start < bytes.length && ((bytes[start] ?? 0) & 0xc0) === 0x80) start++;
  return start;
}
