import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, it } from "node:test";
import { bubblewrapRuntimes } from "../../bubblewrap.ts";
import { makeFolders, run } from "../../runtime.contract.ts";
import type { Runtime } from "../../runtime.ts";
import { assemble } from "./bpf.ts";
import { seccompFilter } from "./filter.ts";
import { architectures } from "./syscalls.ts";

const folders = makeFolders();
let runtime: Runtime;
before(async () => {
  const workspace = join(folders.root, "workspace");
  mkdirSync(workspace);
  runtime = await bubblewrapRuntimes(folders.options).create({ workspace, home: join(folders.options.dataHome, "c") });
});
after(async () => {
  await runtime[Symbol.asyncDispose]();
  folders.remove();
});

const numbers = architectures[process.arch]?.numbers;
/** Makes a system call by number, in Perl, which every Debian has; returns 0 or the name of the error. */
const call = (number: number, ...values: readonly (number | string)[]) =>
  `perl -MErrno -e '$r = syscall(${[number, ...values].join(", ")}); ` +
  `print $r >= 0 ? 0 : (grep { $!{$_} } qw(EPERM ENOSYS EAFNOSUPPORT EPROTONOSUPPORT ESRCH EINVAL))[0] // $!'`;

it("[Y1] the filter denies mounts, namespaces, keyrings, kernel tracing and unusual sockets", async () => {
  assert.ok(numbers !== undefined, "an architecture that we have numbers for");
  const newUser = 0x1000_0000;
  const refused: readonly (readonly [string, string, string])[] = [
    ["mount", call(numbers.mount, 0, 0, 0, 0, 0), "EPERM"],
    ["umount2", call(numbers.umount2, 0, 0), "EPERM"],
    ["fsopen", call(numbers.fsopen, 0, 0), "EPERM"],
    ["open_tree", call(numbers.open_tree, -100, 0, 0), "EPERM"],
    ["add_key", call(numbers.add_key, 0, 0, 0, 0, -3), "EPERM"],
    ["keyctl", call(numbers.keyctl, 0, -3, 0), "EPERM"],
    ["bpf", call(numbers.bpf, 0, 0, 0), "EPERM"],
    ["perf_event_open", call(numbers.perf_event_open, 0, 0, -1, -1, 0), "EPERM"],
    ["userfaultfd", call(numbers.userfaultfd, 0), "EPERM"],
    ["io_uring_setup", call(numbers.io_uring_setup, 1, 0), "ENOSYS"],
    ["clone3", call(numbers.clone3, 0, 0), "ENOSYS"],
    ["a call of a later kernel", call(480), "ENOSYS"],
    ["unshare", call(numbers.unshare, newUser), "EPERM"],
    ["unshare of time", call(numbers.unshare, 0x80), "EPERM"],
    ["clone of a user namespace", call(numbers.clone, newUser, 0, 0, 0, 0), "EPERM"],
    ["setns", call(numbers.setns, 0, 0), "EPERM"],
    ["TIOCSTI", call(numbers.ioctl, 0, 0x5412, 0), "EPERM"],
    // The kernel evaluates only the lower half; a filter that compares all of it lets this through (CVE-2019-10063).
    ["TIOCSTI with a high half", call(numbers.ioctl, 0, "0x100005412", 0), "EPERM"],
    ["a personality that maps page zero", call(numbers.personality, 0x10_0000), "EPERM"],
    ["a vsock", call(numbers.socket, 40, 1, 0), "EAFNOSUPPORT"],
    ["a packet socket", call(numbers.socket, 17, 3, 0), "EAFNOSUPPORT"],
    ["a crypto socket", call(numbers.socket, 38, 5, 0), "EAFNOSUPPORT"],
    ["a raw socket", call(numbers.socket, 2, 3, 1), "EPERM"],
    ["netlink for audit", call(numbers.socket, 16, 3, 9), "EPROTONOSUPPORT"],
    ...(process.arch === "x64" ? [["an x32 call", call(0x4000_0000 + 39), "ENOSYS"] as const] : []),
  ];
  for (const [what, command, expected] of refused) assert.equal((await run(runtime, command)).output, expected, what);
  const allowed: readonly (readonly [string, string])[] = [
    ["unshare of files", call(numbers.unshare, 0x400)],
    ["a Unix socket", call(numbers.socket, 1, 1, 0)],
    ["a TCP socket", call(numbers.socket, 2, "0x80801", 0)],
    ["routes", call(numbers.socket, 16, 3, 0)],
    ["asking for the personality", call(numbers.personality, "0xffffffff")],
    ["no randomization, as gdb wants it", call(numbers.personality, 0x4_0000)],
  ];
  for (const [what, command] of allowed) assert.equal((await run(runtime, command)).output, "0", what);
});

it("[Y1] the first process has the filter, too, so that it cannot be used to bypass it", async () => {
  const { output } = await run(runtime, "grep -h '^Seccomp:' /proc/[0-9]*/status | sort -u");
  assert.equal(output, "Seccomp:\t2\n");
});

it("[Y1] denies the system calls of another architecture", { skip: process.arch !== "x64" }, async () => {
  const program = [
    // ELF header and one segment: a 64-bit file with its code at 0x78.
    "7f454c4602010100000000000000000002003e0001000000780040000000000040000000000000000000000000000000",
    "000000004000380001004000000000000100000005000000000000000000000000004000000000000000400000000000",
    "001000000000000000100000000000000010000000000000",
    // mov eax, 20 (getpid of i386); int 0x80; the exit code is 1 if the result is an error.
    "b814000000cd8089c7c1ef1fb83c0000000f05",
  ].join("");
  const { exitCode } = await run(runtime, `perl -e 'print pack("H*", "${program}")' >i386; chmod +x i386; ./i386`);
  assert.equal(exitCode, 1);
});

it("[Y2] developer tools work under the filter", async () => {
  const commands = [
    "git init -q g && cd g && git commit -q --allow-empty -m m && git log --oneline | wc -l; cd ..",
    "python3 -c 'import subprocess, multiprocessing as m; print(subprocess.run([\"true\"]).returncode, m.Pool(2).map(abs, [-1]))'",
    'node -e \'new (require("worker_threads").Worker)("1", { eval: true }).on("exit", () => require("fs").readFile("/etc/passwd", () => console.log("read")))\'',
    'python3 -c \'import socket; a, b = socket.socketpair(); s = socket.socket(socket.AF_UNIX); s.bind("own.sock"); s.listen(); c = socket.socket(socket.AF_UNIX); c.connect("own.sock"); print("own sockets")\'',
    "printf 'int main(){return 7;}' >a.c && printf 'a: a.c\\n\\tcc -o a a.c\\n' >Makefile && make -s && ./a; echo $?",
    "getent hosts localhost | wc -l",
  ];
  const said = ["1", "0 [1]", "read", "own sockets", "7", "1"];
  for (const [i, command] of commands.entries()) {
    assert.equal((await run(runtime, command, { timeoutMs: 60_000 })).output.trim(), said[i], command);
  }
  // If installed: two programs that inspect other processes, and one with its own filter.
  const others = [
    ["strace", "strace -f -o trace sh -c 'true | true' && grep -c execve trace"],
    ["gdb", "gdb -q -batch -ex run -ex 'info inferiors' ./a 2>&1 | grep -c 'exited with code 07'"],
    [
      "chromium",
      "chromium --headless --no-sandbox --disable-gpu --dump-dom 'data:text/html,<p>drawn' 2>&- | grep -c drawn",
    ],
    ["go", "printf 'package main\\nfunc main() { println(\"gone\") }' >m.go && go run m.go 2>&1 | grep -c gone"],
    ["cargo", "cargo init -q --vcs none c && cd c && cargo run -q --offline | grep -c Hello; cd .."],
  ] as const;
  for (const [program, command] of others) {
    const here = await run(
      runtime,
      `command -v ${program} && ${program} --version >&- 2>&- || ${program} version >&- 2>&-`,
    );
    if (here.exitCode !== 0) continue;
    const { output } = await run(runtime, command, { timeoutMs: 120_000 });
    assert.ok(Number(output.trim()) >= 1, `${program}: ${output}`);
  }
});

it("[Y1] the numbers match the machine's headers", (t) => {
  const text = ["/usr/include/x86_64-linux-gnu/asm/unistd_64.h", "/usr/include/asm-generic/unistd.h"].map((path) =>
    existsSync(path) ? readFileSync(path, "utf8") : "",
  );
  for (const [i, arch] of ["x64", "arm64"].entries()) {
    if (text[i] === "") t.diagnostic(`no headers for ${arch}`);
    for (const [name, number] of Object.entries(architectures[arch]?.numbers ?? {})) {
      const found = new RegExp(`^#define __NR_${name}\\s+(\\d+)`, "m").exec(text[i] ?? "")?.[1];
      if (found !== undefined) assert.equal(Number(found), number, `${name} on ${arch}`);
    }
  }
});

it("[Y1] builds a filter for both architectures and no other, and every jump is valid", () => {
  for (const arch of ["x64", "arm64"]) assert.equal(seccompFilter(arch).length % 8, 0);
  assert.throws(() => seccompFilter("riscv64"), /riscv64/);
  assert.throws(() => assemble([{ op: "if", is: "equal", value: 1, to: "nowhere" }]), /nowhere/);
  assert.throws(() =>
    assemble([
      { op: "label", name: "behind" },
      { op: "if", is: "equal", value: 1, to: "behind" },
    ]),
  );
});
