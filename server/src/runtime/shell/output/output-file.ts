/** The file with everything that a command printed, if that is a lot. */
import { mkdir, open, readdir } from "node:fs/promises";
import { join } from "node:path";

/** The file is cut here, so that a command that prints forever does not fill the disk. */
export const maxFileBytes = 64 * 1024 * 1024;

/** Where the output is written; closed when disposed. */
export interface OutputSink extends AsyncDisposable {
  writev(parts: readonly Buffer[]): Promise<unknown>;
}

export interface OutputFiles {
  /** Creates the next file; `path` is its path for commands. */
  create(): Promise<{ readonly file: OutputSink; readonly path: string }>;
}

/** Creates 1.txt, 2.txt … in `folder`, continuing after the files of an earlier server. */
export function outputFiles(folder: string, sandboxFolder: string): OutputFiles {
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
          return { file, path: join(sandboxFolder, `${last}.txt`) };
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
        }
      }
    },
  };
}

/** Appends in order, one write at a time. At most `maxFileBytes` wait in memory. */
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
    const created = files.create().catch(() => undefined);
    this.#path = created.then((file) => file?.path);
    this.#written = created.then((file) => this.#write(file));
  }

  add(bytes: Buffer): void {
    const part = bytes.subarray(0, Math.max(0, maxFileBytes - this.#bytes));
    if (part.length === 0) return;
    this.#bytes += part.length;
    this.#waiting.push(part);
    this.#wake?.();
  }

  /** The path, also while the file is still being written; undefined if it could not be created. */
  path(): Promise<string | undefined> {
    return this.#path;
  }

  /** The path once everything is written; undefined if writing failed. */
  end(): Promise<string | undefined> {
    this.#ended = true;
    this.#wake?.();
    return this.#written;
  }

  async #write(created: Awaited<ReturnType<OutputFiles["create"]>> | undefined): Promise<string | undefined> {
    try {
      if (created === undefined) throw new Error("the file could not be created");
      await using file = created.file;
      for (;;) {
        const parts = this.#waiting;
        this.#waiting = [];
        if (parts.length > 0) await file.writev(parts);
        else if (this.#ended) return created.path;
        else await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } catch {
      this.#bytes = maxFileBytes;
      this.#waiting = [];
      return undefined;
    }
  }
}
