import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  symlinkSync,
  writeFileSync,
  readlinkSync,
} from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { after, before, describe, it } from "node:test";
import { bubblewrapRuntimes } from "./bubblewrap.ts";
import {
  failsWith,
  makeFolders,
  never,
  processesWith,
  run,
  runtimeContract,
  uniqueSleep,
  until,
} from "./runtime.contract.ts";
import type { Runtime } from "./runtime.ts";
import { sandboxHome } from "./sandbox/mounts/mounts.ts";

const isRoot = process.getuid?.() === 0;
const nobody = 65_534;

runtimeContract("the bubblewrap runtime", bubblewrapRuntimes);

describe("the sandbox", () => {
  const folders = makeFolders();
  const { root, options } = folders;
  const workspace = join(options.dataHome, "workspaces", "one");
  const home = join(options.dataHome, "conversations", "one");
  let runtime: Runtime;
  before(async () => {
    process.env["DECKHAND_TEST_SECRET"] = "secret";
    mkdirSync(join(options.dataHome, "conversations", "two"), { recursive: true });
    writeFileSync(join(options.dataHome, "secret"), "secret");
    for (const name of [".ssh", ".cargo/bin", ".local/bin", "project/bin"]) {
      mkdirSync(join(options.userHome, name), { recursive: true });
      writeFileSync(join(options.userHome, name, "secret"), "secret");
    }
    writeFileSync(join(options.userHome, ".cargo", "credentials.toml"), "secret");
    writeFileSync(join(options.userHome, ".netrc"), "secret");
    writeFileSync(join(options.userHome, ".cargo", "bin", "tool"), "#!/bin/sh\necho a tool\n", { mode: 0o755 });
    const path = `${join(options.userHome, ".cargo/bin")}:${options.path}`;
    runtime = await bubblewrapRuntimes({ ...options, path }).create({ workspace, home });
  });
  after(async () => {
    await runtime[Symbol.asyncDispose]();
    delete process.env["DECKHAND_TEST_SECRET"];
    folders.remove();
  });

  it("[R21] commands see only allowed environment variables", async () => {
    const { output } = await run(
      runtime,
      "env | cut -d= -f1 | sort | tr '\\n' ' '; cat /proc/1/environ /proc/2/environ",
    );
    assert.doesNotMatch(output, /SECRET|secret/);
    const names = (output.split("\n")[0] ?? "").split("\0")[0]?.trim().split(" ") ?? [];
    const allowed =
      "_ CI DEBIAN_FRONTEND GIT_PAGER GIT_TERMINAL_PROMPT HOME LANG LOGNAME MANPAGER OLDPWD PAGER PATH PIP_NO_INPUT PWD RUSTUP_HOME SHELL SHLVL TERM TZ USER";
    for (const name of names.filter((each) => !each.includes("="))) assert.ok(allowed.split(" ").includes(name), name);
    assert.equal(
      (await run(runtime, "echo $HOME $USER $TERM $(id -un) $(hostname)")).output,
      "/home/agent agent dumb agent deckhand\n",
    );
  });

  it("[R22] hides home folders, keys, the server's data and other conversations", async () => {
    const hidden = [
      join(options.dataHome, "secret"),
      join(options.dataHome, "conversations"),
      join(options.userHome, ".ssh"),
      join(options.userHome, ".netrc"),
      join(options.userHome, ".cargo/credentials.toml"),
      join(options.userHome, "project"),
      join(import.meta.dirname, "bubblewrap.ts"),
      "/etc/shadow",
      "/etc/sudoers",
      "/etc/ssh",
      "/etc/ssl/private",
      "/sys",
      "/boot",
      "/var/lib",
      "/var/log",
    ];
    for (const path of hidden) assert.equal((await run(runtime, `ls -d ${path}`)).exitCode, 2, path);
    assert.equal((await run(runtime, `ls -A ${options.dataHome}`)).output, "workspaces\n");
    assert.equal((await run(runtime, `ls -A ${options.dataHome}/workspaces`)).output, "one\n");
    assert.equal(
      (await run(runtime, "grep -rl secret / --include='*secret*' --exclude-dir=proc --exclude-dir=usr 2>&-")).output,
      `${join(options.userHome, ".cargo/bin/secret")}\n`,
    );
    await assert.rejects(runtime.readFile(join(options.dataHome, "secret"), 100, never), failsWith("file_not_found"));
    await assert.rejects(runtime.readFile("../../secret", 100, never), failsWith("file_not_found"));
    symlinkSync(join(options.dataHome, "secret"), join(workspace, "link"));
    await assert.rejects(runtime.readFile("link", 100, never), failsWith("file_not_found"));
  });

  it("[R23] only the workspace, the home and the sandbox's temporary folders are writable", async () => {
    const targets = ["/x", "/usr/x", "/etc/x", "/dev/x", "/home/x", "/outputs/x", "/proc/sys/kernel/core_pattern"];
    for (const target of targets) assert.notEqual((await run(runtime, `: >>${target}`)).exitCode, 0, target);
    const open = ["x", "/home/agent/x", "/tmp/x", "/var/tmp/x", "/run/x", "/dev/shm/x", "/dev/null"];
    for (const target of open) assert.equal((await run(runtime, `echo y >${target}`)).exitCode, 0, target);
    assert.deepEqual(
      ["x", "../x"].map((name) => existsSync(join(workspace, name))),
      [true, false],
    );
    assert.equal(readFileSync(join(home, "home", "x"), "utf8"), "y\n");
    // A folder of that name exists inside, in memory.
    await run(runtime, `echo y >${root}/x`);
    for (const path of ["/var/tmp/x", "/tmp/x", join(root, "x")]) assert.equal(existsSync(path), false, path);
    assert.match((await run(runtime, "head -c 80M /dev/zero >/run/full")).output, /No space left/);
    await assert.rejects(runtime.writeFile("/outputs/x", Buffer.from("x"), never), failsWith("outside_workspace"));
  });

  it("[R23] symbolic links to the outside can be neither read nor written through", async () => {
    for (const [name, to] of [
      ["up", "../../../beside"],
      ["away", join(root, "beside")],
    ] as const)
      symlinkSync(to, join(workspace, name));
    for (const name of ["up", "away", "up/file"]) {
      await runtime.writeFile(name, Buffer.from("x"), never).catch(() => {});
      await run(runtime, `echo x >${name}`);
    }
    assert.deepEqual(readdirSync(root).toSorted(), ["data", "user"]);
  });

  it("[V1] an isolated program sees only the given folders and has no network", async () => {
    const [read, write] = [join(options.dataHome, "one of two"), join(options.dataHome, "two of two")];
    for (const each of [read, write]) mkdirSync(each, { recursive: true });
    writeFileSync(join(read, "file"), "seen\n");
    const server = createServer((socket) => socket.end()).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.on("listening", resolve));
    const script = `
      cat '${read}/file'; echo no > '${read}/file' && echo written
      echo yes > file; ls '${options.dataHome}' "$HOME"
      cat '${workspace}'/* '${options.dataHome}/secret' '${options.userHome}/.netrc' && echo reached
      echo > /dev/tcp/127.0.0.1/${(server.address() as AddressInfo).port} && echo connected
      env | grep -i secret; ls -A ${sandboxHome}; exit 0`;
    try {
      const { stdout } = await bubblewrapRuntimes(options).runIsolated(
        {
          argv: ["bash", "-c", script],
          folders: [
            { path: read, access: "read" },
            { path: write, access: "write" },
          ],
          cwd: write,
        },
        10_000,
        never,
      );
      assert.equal(
        Buffer.from(stdout).toString(),
        `seen\n${sandboxHome}:\n\n${options.dataHome}:\none of two\ntwo of two\n`,
      );
      assert.equal(readFileSync(join(read, "file"), "utf8"), "seen\n");
      assert.equal(readFileSync(join(write, "file"), "utf8"), "yes\n");
    } finally {
      server.close();
    }
  });

  it("[HN1] a read-only program sees the workspace, and nothing else, before the sandbox is verified", async () => {
    const folder = join(root, "looked at");
    mkdirSync(folder);
    writeFileSync(join(folder, "file"), "seen\n");
    symlinkSync(join(options.dataHome, "secret"), join(folder, "link"));
    const script = `
      cat file; cat link '${options.userHome}/.netrc' /etc/passwd && echo reached
      echo no > file && echo written; ls -A ${sandboxHome} /etc; exit 0`;
    const factory = bubblewrapRuntimes(options);
    const { stdout } = await factory.runReadOnly!(folder, ["bash", "-c", script], 10_000, never);
    assert.equal(Buffer.from(stdout).toString(), `seen\n${sandboxHome}:\n`);
    assert.equal(readFileSync(join(folder, "file"), "utf8"), "seen\n");
    await assert.rejects(factory.runReadOnly!("/etc", ["ls"], 100, never), failsWith("sandbox_unavailable"));
    await assert.rejects(
      bubblewrapRuntimes({ ...options, path: "/nowhere" }).runReadOnly!(folder, ["ls"], 100, never),
      failsWith("sandbox_unavailable"),
    );
  });

  it("[V1] an isolated program of a root server runs as the owner of its folder", { skip: !isRoot }, async () => {
    const folder = join(root, "of nobody");
    mkdirSync(folder);
    chownSync(folder, nobody, nobody);
    const ran = await bubblewrapRuntimes(options).runIsolated(
      { argv: ["touch", "made"], folders: [{ path: folder, access: "write" }], cwd: folder },
      1000,
      never,
    );
    assert.deepEqual(ran, { stdout: Buffer.alloc(0), stderr: "", exitCode: 0, cut: false });
    assert.equal(statSync(join(folder, "made")).uid, nobody);
  });

  it("[R24] without a configured network nothing is reachable", async () => {
    let reached = false;
    const server = createServer(() => (reached = true));
    await new Promise<void>((resolve) => server.listen(0, resolve));
    try {
      const { port } = server.address() as AddressInfo;
      const { exitCode } = await run(runtime, `exec 3<>/dev/tcp/127.0.0.1/${port}`);
      assert.deepEqual([exitCode, reached], [1, false]);
      assert.equal((await run(runtime, "cat /proc/net/dev | tail -n +3 | cut -d: -f1")).output.trim(), "lo");
    } finally {
      server.close();
    }
  });

  it("[R25] grants no privilege, no access to other processes and no new namespace", async () => {
    const { output } = await run(
      runtime,
      "grep -E '^(Cap|NoNewPrivs)' /proc/self/status | tr -d '\\t' | tr '\\n' ' '; id -u",
    );
    const none = "0000000000000000";
    assert.equal(
      output,
      `CapInh:${none} CapPrm:${none} CapEff:${none} CapBnd:${none} CapAmb:${none} NoNewPrivs:1 1000\n`,
    );
    for (const command of [
      "unshare -U true",
      "unshare -m true",
      "mount -t tmpfs none /tmp",
      "chroot / true",
      "umount /proc",
      "hostname x",
    ]) {
      assert.notEqual((await run(runtime, command)).exitCode, 0, command);
    }
    assert.equal((await run(runtime, "ls /proc | grep -c '^[0-9]'")).output.length, 2);
    // Root outside could otherwise change the machine's own devices.
    const mode = statSync("/dev/full").mode;
    await run(runtime, "chmod 640 /dev/full");
    assert.equal(statSync("/dev/full").mode, mode);
  });

  it("[R26] tools on the user's PATH work inside and are read-only", async () => {
    assert.equal((await run(runtime, "tool")).output, "a tool\n");
    assert.notEqual((await run(runtime, `echo x >>${join(options.userHome, ".cargo/bin/tool")}`)).exitCode, 0);
    assert.equal(
      (
        await run(
          runtime,
          "python3 -c 'print(6 * 7)'; node -p '6 * 7'; git init -q r && git -C r commit -q --allow-empty -m m && echo done",
        )
      ).output,
      "42\n42\ndone\n",
    );
  });

  it("[R27] after the sandbox itself has died, the next command runs in a new one, in the last directory", async () => {
    await run(runtime, "mkdir -p kept; cd kept");
    // Only if the pid does not belong to a process of this machine.
    const outside = readlinkSync("/proc/self/ns/pid");
    const command = `[ "$(readlink /proc/self/ns/pid)" != '${outside}' ] && { kill -9 -1; kill -9 2; }; sleep 1000`;
    const killed = await run(runtime, command);
    assert.deepEqual([killed.exitCode, killed.endedBy], [-1, "shell_exit"]);
    assert.equal((await run(runtime, "pwd")).output, `${workspace}/kept\n`);
    assert.equal(String((await runtime.readFile("../x", 100, never)).data), "y\n");
  });

  it("[R28] keeps the output files of an earlier server and does not overwrite them", async () => {
    const long = await run(runtime, "seq 1000", { maxOutputBytes: 100 });
    await using again = await bubblewrapRuntimes(options).create({ workspace, home });
    const more = await run(again, "seq 2000", { maxOutputBytes: 100 });
    assert.notEqual(more.fullOutput?.path, long.fullOutput?.path);
    assert.equal(
      (await run(again, `tail -n1 ${long.fullOutput?.path} ${more.fullOutput?.path} | grep 000`)).output,
      "1000\n2000\n",
    );
  });
});

describe("the sandbox and users", () => {
  const folders = makeFolders();
  after(() => folders.remove());

  it(
    "[R29] a root server's commands run as the owner of the workspace, even where the owner has no access",
    { skip: !isRoot },
    async () => {
      const { root, options } = folders;
      const workspace = join(root, "closed", "workspace");
      mkdirSync(workspace, { recursive: true });
      chmodSync(root, 0o700);
      chownSync(workspace, nobody, nobody);
      await using runtime = await bubblewrapRuntimes(options).create({ workspace, home: join(options.dataHome, "c") });
      const { output } = await run(
        runtime,
        "id -u; mkdir made; echo x >made/file; echo y >~/file; cat made/file; echo z >/dev/stdout",
      );
      assert.equal(output, "1000\nx\nz\n");
      await runtime.writeFile("written/file", Buffer.from("w"), never);
      for (const name of ["made", "made/file", "written", "written/file"])
        assert.equal(statSync(join(workspace, name)).uid, nobody, name);
      assert.equal(statSync(join(options.dataHome, "c", "home", "file")).uid, nobody);
      writeFileSync(join(workspace, "roots"), "only root's", { mode: 0o600 });
      await assert.rejects(runtime.readFile("roots", 100, never), failsWith("file_failed"));
      assert.notEqual((await run(runtime, "cat roots")).exitCode, 0);
      assert.equal((await run(runtime, "seq 1000", { maxOutputBytes: 100 })).fullOutput?.path, "/outputs/1.txt");
      assert.equal(
        (
          await run(
            runtime,
            "tail -n1 /outputs/1.txt; : >/dev/null && mkdir /tmp/d && touch /run/f /tmp/d/f && echo fine",
          )
        ).output,
        "1000\nfine\n",
      );
      const sleep = uniqueSleep();
      await run(runtime, `setsid sleep ${sleep} &`);
      assert.equal((await run(runtime, `sleep ${sleep}`, { timeoutMs: 100 })).endedBy, "timeout");
      assert.equal(processesWith(sleep).length, 1);
      await runtime[Symbol.asyncDispose]();
      assert.deepEqual(processesWith(sleep), []);
    },
  );

  it(
    "[R29] files that a root server's commands create in root's workspace belong to root",
    { skip: !isRoot },
    async () => {
      const { root, options } = folders;
      const workspace = join(root, "roots");
      await using runtime = await bubblewrapRuntimes(options).create({ workspace, home: join(options.dataHome, "d") });
      await run(runtime, "touch file; tar cf t.tar file; tar xf t.tar");
      assert.deepEqual([statSync(join(workspace, "file")).uid, statSync(join(workspace, "file")).gid], [0, 0]);
    },
  );

  it("[R29] an ordinary user's server has the same sandbox, and passes on no inherited descriptor", async () => {
    const own = makeFolders();
    const secret = join(own.root, "secret");
    writeFileSync(secret, "secret", { mode: 0o600 });
    if (isRoot) for (const path of [own.root, own.options.userHome, secret]) chownSync(path, nobody, nobody);
    const child = startChild(
      "bubblewrap",
      own.root,
      ["id -u; cat /etc/shadow 2>&-; cat <&77; cat /proc/*/fd/77; touch made; echo $?"],
      {
        before: `exec 77<${secret};`,
        ...(isRoot ? { uid: nobody } : {}),
      },
    );
    try {
      assert.match(await child.ready, /^1000\n[^]*\n0\nready\n$/);
      assert.doesNotMatch(await child.ready, /secret/);
      assert.equal(statSync(join(own.root, "workspace", "made")).uid, isRoot ? nobody : process.getuid?.());
    } finally {
      child.process.stdin?.end();
      await child.ended;
      own.remove();
    }
  });

  for (const kind of ["bubblewrap", "host"]) {
    it(`[R30] a killed server leaves no process (${kind})`, async () => {
      const own = makeFolders();
      const sleep = uniqueSleep();
      const command = `sleep ${sleep} & (setsid nohup sleep ${sleep} &) ; trap '' HUP TERM`;
      const child = startChild(kind, own.root, [command]);
      await child.ready;
      await until("both run", () => processesWith(sleep).length === 2);
      child.process.kill("SIGKILL");
      await child.ended;
      await until("all are dead", () => processesWith(sleep).length === 0);
      own.remove();
    });
  }
});

describe("the self-test", () => {
  const folders = makeFolders();
  after(() => folders.remove());
  const withStub = (script: string) => {
    const bin = join(folders.root, `bin-${readdirSync(folders.root).length}`);
    mkdirSync(bin);
    writeFileSync(join(bin, "bwrap"), `#!/bin/bash\n${script}\n`, { mode: 0o755 });
    return bubblewrapRuntimes({ ...folders.options, path: `${bin}:${folders.options.path}` });
  };

  it("[R31] runs the self-test once, before any command", async () => {
    const factory = bubblewrapRuntimes(folders.options);
    const status = await factory.status(folders.root);
    assert.deepEqual([status.kind, status.proven, status.checks.every(({ held }) => held)], ["bubblewrap", true, true]);
    assert.ok(status.checks.length >= 30);
    assert.deepEqual(
      [...new Set(status.checks.map(({ group }) => group))],
      ["files", "secrets", "network", "processes", "kernel", "limits"],
    );
    // There is no network here, so there is no proxy.
    assert.deepEqual(
      status.untried.map(({ name }) => name),
      ["connect to one through the proxy"],
    );
    assert.ok(Date.now() - Date.parse(status.triedAt) < 60_000);
    assert.equal(await factory.status(folders.root), status);
    assert.deepEqual(readdirSync(folders.options.dataHome), ["sandbox"]);
  });

  const passThrough = `while (($#)) && [[ $1 != -- ]]; do shift; done; shift; exec "$@"`;
  const stubs: readonly (readonly [string, string])[] = [
    ["lets everything through", passThrough],
    [
      "lets everything through in the right folder",
      `args=$(tr '\\0' '\\n' <&13 | tail -n1); cd "$args"; ${passThrough}`,
    ],
    ["does nothing", "exit 0"],
    ["fails", "echo 'bwrap: No permissions to create new namespace' >&2; exit 1"],
    ["is too old", "echo 'bwrap: Unknown option --disable-userns' >&2; exit 1"],
  ];
  for (const [what, script] of stubs) {
    it(`[R31] detects a bwrap that ${what}, and runs nothing`, async () => {
      const factory = withStub(script);
      const status = await factory.status(folders.root);
      assert.equal(status.proven, false);
      assert.match(status.sentence, /DECKHAND_RUNTIME=host/);
      const creating = factory.create({ workspace: join(folders.root, "w"), home: join(folders.root, "h") });
      await assert.rejects(creating, failsWith("sandbox_unavailable"));
      if (what.startsWith("lets"))
        assert.ok(status.checks.filter(({ held }) => !held).length >= 5, JSON.stringify(status.checks));
      assert.equal(existsSync("made"), false);
      if (what === "fails") assert.match(status.sentence, /sysctl/);
      if (what === "is too old") assert.match(status.sentence, /0\.8 or newer/);
    });
  }

  // The real bwrap with modified arguments on its arguments descriptor.
  const withHole = (edit: string) =>
    withStub(
      `mapfile -d '' -t args <&13\n${edit}\n` +
        `exec 13< <(printf '%s\\0' "\${args[@]}")\nexec ${realBwrap(folders.options.path)} "$@"`,
    );
  const without = (word: string, and: number) =>
    `for i in "\${!args[@]}"; do [[ \${args[i]} == ${word} ]] && for ((j = i; j <= i + ${and}; j++)); do unset "args[j]"; done; done`;
  const holes: readonly (readonly [string, string, readonly string[]])[] = [
    ["no system call filter", without("--seccomp", 1), ["kernel keys", "vsock", "without a system call filter"]],
    ["the machine's network", without("--unshare-net", 0), ["a port of the machine", "a datagram", "an abstract Unix"]],
    [
      "the machine's processes",
      `${without("--unshare-pid", 0)}; ${without("--proc", 1)}; args=(--ro-bind /proc /proc "\${args[@]}")`,
      ["see a process"],
    ],
    ["new namespaces", `${without("--disable-userns", 0)}; ${without("--seccomp", 1)}`, ["create a namespace"]],
    ["the server's environment", without("--clearenv", 0), ["the server's environment"]],
    ["writable kernel settings", without("--remount-ro", 1), ["system folders"]],
    ["a survivor", without("--die-with-parent", 0), ["survive when"]],
    [
      "writable hooks",
      `for i in "\${!args[@]}"; do [[ \${args[i]} == --ro-bind && \${args[i+1]} == *.git/* ]] && args[i]=--bind; done`,
      ["hooks and settings"],
    ],
  ];
  for (const [what, edit, found] of holes) {
    it(`[Y8] detects a sandbox with a single hole, and runs nothing: ${what}`, async () => {
      const factory = withHole(edit);
      const { proven, sentence, checks } = await factory.status(folders.root);
      assert.equal(proven, false);
      const leaks = checks.filter(({ held, controlled }) => !held && controlled).map(({ name }) => name);
      for (const words of found)
        assert.ok(leaks.some((name) => name.includes(words)) && sentence.includes(words), `${words}: ${sentence}`);
      // The rest of the sandbox is intact.
      assert.ok(checks.filter(({ held }) => held).length >= 15, JSON.stringify(checks));
      const creating = factory.create({ workspace: join(folders.root, "w"), home: join(folders.root, "h") });
      await assert.rejects(creating, failsWith("sandbox_unavailable"));
    });
  }

  it("[R31] runs nothing without bwrap and says what to install; finds it once it is installed", async () => {
    const bin = join(folders.root, "later");
    mkdirSync(bin);
    const factory = bubblewrapRuntimes({ ...folders.options, path: bin });
    const asked = { workspace: join(folders.root, "w"), home: join(folders.root, "h") };
    await assert.rejects(
      factory.create(asked),
      (error: Error) => failsWith("sandbox_unavailable")(error) && /apt-get install bubblewrap/.test(error.message),
    );
    symlinkSync(realBwrap(folders.options.path), join(bin, "bwrap"));
    await using runtime = await factory.create(asked);
    assert.equal((await run(runtime, "echo works")).output, "works\n");
  });
});

function realBwrap(path: string): string {
  const found = path.split(":").map((each) => join(each, "bwrap"));
  return realpathSync(found.find((each) => existsSync(each)) ?? "");
}

interface Child {
  readonly process: ChildProcess;
  /** Everything it printed until it was ready. */
  readonly ready: Promise<string>;
  readonly ended: Promise<unknown>;
}

function startChild(
  kind: string,
  root: string,
  commands: readonly string[],
  options: { readonly before?: string; readonly uid?: number } = {},
): Child {
  const program = fileURLToPath(import.meta.resolve("./bubblewrap.child.ts"));
  const child = spawn(
    "bash",
    ["-c", `${options.before ?? ""} exec "$@"`, "bash", process.execPath, program, kind, root, ...commands],
    {
      stdio: ["pipe", "pipe", "inherit"],
      ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
    },
  );
  let printed = "";
  const ended = new Promise((resolve) => child.on("exit", resolve));
  const ready = new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      printed += text;
      if (printed.endsWith("ready\n")) resolve(printed);
    });
    void ended.then(() => reject(new Error(`The child ended: ${printed}`)));
  });
  return { process: child, ready, ended };
}
