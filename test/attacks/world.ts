/** The targets of the attacks, created for one run and removed with it: files with canaries, ports and sockets. */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export class World implements AsyncDisposable {
  readonly root = mkdtempSync(join(tmpdir(), "deckhand-attacks-"));
  readonly outside = join(this.root, "outside");
  readonly home = join(this.root, "home");
  readonly data = join(this.root, "data");
  readonly workspace = join(this.root, "workspace");
  readonly socket = join(this.root, "docker.sock");
  readonly abstract = `deckhand-attacks-${randomBytes(6).toString("hex")}`;
  /** What the ports and sockets received. */
  received = "";
  readonly #parts = new AsyncDisposableStack();
  port = 0;
  udpPort = 0;

  static async make(): Promise<World> {
    const world = new World();
    world.#files();
    world.#repository();
    await world.#listen();
    return world;
  }

  secret(): string {
    return `CANARY-${randomBytes(8).toString("hex")}`;
  }

  hit(id: string): string {
    return join(this.outside, `hit-${id}`);
  }

  /** Works in the workspace as a person does, outside of any sandbox. */
  personWorks(): void {
    for (const folder of [".", "nested", "sub"]) {
      const git = (...args: string[]) => this.#try("git", ["-C", join(this.workspace, folder), ...args]);
      git("status");
      git("st");
      git("-p", "log");
      git("diff");
      git("add", "-A");
      git("commit", "--allow-empty");
      git("commit", "--allow-empty", "-m", "mine");
      git("checkout", "-b", "branch");
      git("commit", "--allow-empty", "-m", "more");
      git("checkout", "-");
      git("merge", "--no-ff", "branch");
      git("fetch", "ssh://nobody.invalid/x");
    }
    for (const name of [".envrc", ".bashrc", ".profile"]) {
      for (const folder of [this.workspace, this.home]) {
        this.#try("bash", ["--noprofile", "--norc", "-c", `. ${join(folder, name)}`]);
      }
    }
    const editor = join(this.workspace, ".vscode");
    for (const name of readdirSync(editor)) {
      const { hit } = JSON.parse(readFileSync(join(editor, name), "utf8") || "{}") as { hit?: string };
      if (hit !== undefined) writeFileSync(hit, "");
    }
  }

  wasCreated(id: string): boolean {
    return existsSync(this.hit(id));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.disposeAsync();
    rmSync(this.root, { recursive: true, force: true });
  }

  #files(): void {
    const secrets = [
      join(this.outside, "secret"),
      join(this.outside, "movable"),
      join(this.outside, "named", this.secret()),
      join(this.data, "conversations/other/home/canary"),
      join(this.data, "planted"),
      ...[".ssh/id_ed25519", ".aws/credentials", ".netrc", ".bash_history", ".config/gh/hosts.yml"].map((name) =>
        join(this.home, name),
      ),
      join(this.home, "other-project/.env"),
    ];
    const empty = [".vscode/tasks.json", ".envrc", ".bashrc", ".profile", "a.txt"].map((name) =>
      join(this.workspace, name),
    );
    for (const path of [...secrets, ...empty]) {
      mkdirSync(join(path, ".."), { recursive: true });
      writeFileSync(path, secrets.includes(path) ? `${this.secret()}\n` : "");
    }
    execFileSync("mkfifo", [join(this.workspace, "fifo")]);
  }

  #repository(): void {
    const git = (...args: string[]) =>
      this.#run("git", ["-C", this.workspace, "-c", "protocol.file.allow=always", ...args]);
    git("init", "-q");
    git("init", "-q", "nested");
    git("-C", "nested", "commit", "-q", "--allow-empty", "-m", "first");
    git("submodule", "--quiet", "add", "./nested", "sub");
    git("add", "a.txt");
    git("commit", "-q", "-m", "first");
  }

  async #listen(): Promise<void> {
    const listen = async (where: object): Promise<unknown> => {
      const server = createServer((socket) => {
        socket.on("error", () => {});
        socket.on("data", (data: Buffer) => {
          this.received += String(data);
          socket.end();
        });
      });
      server.listen(where);
      await once(server, "listening");
      this.#parts.defer(() => void server.close());
      return server.address();
    };
    this.port = ((await listen({ port: 0 })) as AddressInfo).port;
    for (const path of [this.socket, join(this.workspace, "agent.sock"), `\0${this.abstract}`]) await listen({ path });
    const udp = createSocket("udp4", (data) => (this.received += `${String(data)}\n`));
    udp.bind(0, "127.0.0.1");
    await once(udp, "listening");
    this.#parts.defer(() => void udp.close());
    this.udpPort = udp.address().port;
  }

  #try(program: string, args: readonly string[]): void {
    try {
      this.#run(program, args);
    } catch {
      // A hook may fail, or a file may be missing.
    }
  }

  #run(program: string, args: readonly string[]): void {
    execFileSync(program, args, {
      cwd: this.workspace,
      stdio: "ignore",
      timeout: 10_000,
      env: {
        PATH: process.env["PATH"],
        HOME: this.outside,
        GIT_TERMINAL_PROMPT: "0",
        GIT_AUTHOR_NAME: "a",
        GIT_AUTHOR_EMAIL: "a@b.c",
        GIT_COMMITTER_NAME: "a",
        GIT_COMMITTER_EMAIL: "a@b.c",
      },
    });
  }
}
