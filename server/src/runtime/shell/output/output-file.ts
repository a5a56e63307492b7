/** The file with all that a command printed, where that is much. */
import { mkdir, open, readdir } from "node:fs/promises";
import { join } from "node:path";

/** The file ends here; so a command that prints for ever fills no disk. */
export const maxFileBytes = 64 * 1024 * 1024;

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

/** Appends in order, one write at a time; what waits is at most what the file may hold. */
export class OutputFile {
  #waiting: Buffer[];
  #bytes = 0;
  readonly #path: Promise<string | undefined>;
  readonly #written: Promise<string | undefined>;
  #wake: (() => void) | undefined;
  #ended = false;

  constructor(files: OutputFiles, first: readonly Buffer[]) {
    this.#waiting = [...first];
    this.#bytes = first.reduce((sum, part) => sum + part.length, 0);
    const made = files.create().catch(() => undefined);
    this.#path = made.then((file) => file?.path);
    this.#written = made.then((file) => this.#write(file));
  }

  add(bytes: Buffer): void {
    const part = bytes.subarray(0, Math.max(0, maxFileBytes - this.#bytes));
    if (part.length === 0) return;
    this.#bytes += part.length;
    this.#waiting.push(part);
    this.#wake?.();
  }

  /** While it is still written; nothing where the disk does not take it. */
  path(): Promise<string | undefined> {
    return this.#path;
  }

  /** The file's path once all is written, or nothing where the disk did not take it. */
  end(): Promise<string | undefined> {
    this.#ended = true;
    this.#wake?.();
    return this.#written;
  }

  async #write(made: Awaited<ReturnType<OutputFiles["create"]>> | undefined): Promise<string | undefined> {
    try {
      if (made === undefined) throw new Error("there is no file");
      await using file = made.file;
      for (;;) {
        const parts = this.#waiting;
        this.#waiting = [];
        if (parts.length > 0) await file.writev(parts);
        else if (this.#ended) return made.path;
        else await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } catch {
      this.#bytes = maxFileBytes;
      this.#waiting = [];
      return undefined;
    }
  }
}
