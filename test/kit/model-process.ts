/** `npm run model-server` as a process: a model provider that plays a script. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const main = join(import.meta.dirname, "../../server/src/llm/scripted/model-server.ts");

/** A reply of a script; server/src/llm/scripted/script.ts describes the format. */
export interface ScriptReply {
  readonly text?: string;
  readonly calls?: readonly { readonly name: string; readonly arguments?: object | string; readonly id?: string }[];
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly delay_ms?: number;
  readonly chunk_ms?: number;
  readonly chunk_size?: number;
  readonly cut_after?: number;
  readonly hang?: boolean;
}

interface ChatRequest {
  readonly path: string;
  readonly body: { readonly messages: readonly { readonly role: string; readonly content: unknown }[] };
}

export class ModelProcess implements AsyncDisposable {
  /** The value of LLM_BASE_URL. */
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(child: ChildProcess, folder: string, url: string) {
    this.#child = child;
    this.#folder = folder;
    this.url = url;
  }

  static async start(replies: readonly ScriptReply[], more: object = {}): Promise<ModelProcess> {
    const folder = await mkdtemp(join(tmpdir(), "deckhand-model-"));
    const script = join(folder, "script.json");
    await writeFile(script, JSON.stringify({ replies, ...more }));
    const child = spawn(process.execPath, [main, script], { stdio: ["ignore", "pipe", "inherit"] });
    let printed = "";
    const listening = Promise.withResolvers<string>();
    child.stdout.on("data", (chunk: Buffer) => {
      printed += String(chunk);
      const url = /http:\S+/.exec(printed)?.[0];
      if (url !== undefined) listening.resolve(url);
    });
    child.once("exit", () => listening.reject(new Error("the model server ended before it listened")));
    return new ModelProcess(child, folder, await listening.promise);
  }

  /** Environment variables that make a server use it. */
  get env(): Record<string, string> {
    return { LLM_BASE_URL: this.url, LLM_MODEL: "scripted", LLM_API_KEY: "sk-canary-key-0123456789" };
  }

  async requests(): Promise<readonly ChatRequest[]> {
    const response = await fetch(new URL("/requests", this.url));
    return (await response.json()) as ChatRequest[];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null) {
      const ended = once(this.#child, "exit");
      this.#child.kill("SIGTERM");
      await ended;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }
}
