/** A small project with our scripts, and a PATH that contains only what a test puts there. */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, delimiter, dirname, join } from "node:path";
import type { TestContext } from "node:test";

const here = import.meta.dirname;
const home = dirname(here);

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class Project {
  readonly root: string;
  /** The only folder on PATH beside that of Node. */
  readonly bin: string;

  /** It is gone after the test. */
  constructor(test: TestContext) {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), "deckhand-scripts-")));
    test.after(() => rmSync(folder, { recursive: true, force: true }));
    this.root = join(folder, "project");
    this.bin = join(folder, "bin");
    mkdirSync(this.bin);
    cpSync(here, join(this.root, "scripts"), { recursive: true, filter: isSource });
    cpSync(join(home, "bin"), join(this.root, "bin"), { recursive: true });
    for (const program of ["npm", "flock", "sh", "env", "sleep", "touch", "chmod"]) this.#borrow(program);
    for (const program of ["bwrap", "rg", "git", "chromium", "podman", "runc", "busybox"])
      this.program(program, "exit 0");
    this.write("package.json", JSON.stringify({ name: "p", private: true, type: "module", workspaces: ["lib"] }));
    this.write("lib/package.json", JSON.stringify({ name: "lib", version: "1.0.0" }));
    this.lock();
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), text);
  }

  read(path: string): string {
    return readFileSync(join(this.root, path), "utf8");
  }

  /** Writes package-lock.json as the package.json files are now; needs no network while nothing is foreign. */
  lock(): void {
    execFileSync("npm", ["install", "--package-lock-only", "--loglevel=error", "--offline"], { cwd: this.root });
  }

  /** Puts a shell script on PATH. */
  program(name: string, script: string): void {
    rmSync(join(this.bin, name), { force: true });
    writeFileSync(join(this.bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(this.bin, name), 0o755);
  }

  remove(program: string): void {
    rmSync(join(this.bin, program));
  }

  start(
    args: readonly string[],
    options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
  ): ChildProcess {
    const env = {
      HOME: dirname(this.root),
      PATH: [this.bin, dirname(process.execPath)].join(delimiter),
      ...options.env,
    };
    return spawn(process.execPath, args, {
      cwd: options.cwd ?? this.root,
      env,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
  }

  run(
    args: readonly string[],
    options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
  ): Promise<Ended> {
    return ended(this.start(args, options));
  }

  /** The machine's own program, without the others that are in its folder. */
  #borrow(program: string): void {
    const path = execFileSync("sh", ["-c", 'command -v "$0"', program], { encoding: "utf8" }).trim();
    symlinkSync(realpathSync(path), join(this.bin, program));
  }
}

export function ended(child: ChildProcess): Promise<Ended> {
  const text = { stdout: "", stderr: "" };
  child.stdout?.on("data", (data) => (text.stdout += String(data)));
  child.stderr?.on("data", (data) => (text.stderr += String(data)));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, ...text }));
  });
}

function isSource(path: string): boolean {
  return !path.includes("node_modules") && !basename(path).includes(".test");
}
