/** The contract suite that every runtime must pass, whatever confines its commands. */
import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it as test } from "node:test";
import { DeckhandError, type ErrorCode } from "@deckhand/protocol";
import { watchEventLoop } from "../async/cpu-time.test-kit.ts";
import type { IsolatedProgram, ExecOptions, ExecResult, Runtime, RuntimeFactory } from "./runtime.ts";
import type { JobStatus } from "./jobs.ts";
import type { RuntimeOptions } from "./runtime-options.ts";

export const never = new AbortController().signal;
/** For whatever ends soon unless the machine is busy. */
const patienceMs = 60_000;
export const defaults: ExecOptions = { timeoutMs: patienceMs, maxOutputBytes: 30_000 };

export interface RunResult extends ExecResult {
  /** What was yielded while it ran. */
  readonly live: readonly string[];
}

export async function run(
  runtime: Runtime,
  command: string,
  options: Partial<ExecOptions> & { readonly signal?: AbortSignal } = {},
): Promise<RunResult> {
  const { signal = never, ...given } = options;
  const running = runtime.exec(command, { ...defaults, ...given }, signal);
  const live: string[] = [];
  for (;;) {
    const next = await running.next();
    if (next.done) return { ...next.value, live };
    live.push(next.value);
  }
}

/** Folders for one factory and any number of conversations. */
export function makeFolders(): { readonly root: string; readonly options: RuntimeOptions; remove(): void } {
  const root = mkdtempSync(join(tmpdir(), "deckhand-runtime-"));
  const options = { dataHome: join(root, "data"), userHome: join(root, "user"), path: process.env["PATH"] ?? "" };
  mkdirSync(options.userHome);
  return { root, options, remove: () => rmSync(root, { recursive: true, force: true }) };
}

/** Waits until the condition holds. */
export async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!condition()) {
    assert.ok(performance.now() < deadline, `${what} did not come true`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Processes on this machine with `word` among their arguments. */
export function processesWith(word: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").includes(word);
      } catch {
        return false;
      }
    });
}

let seconds = 0;
/** An argument for `sleep` that no other process on this machine has: several days plus a unique fraction. */
export function uniqueSleep(): string {
  return `${100_000 + seconds++}.${process.pid}`;
}

export function failsWith(code: ErrorCode): (error: unknown) => boolean {
  return (error) => error instanceof DeckhandError && error.code === code;
}

/** `without` returns why the test with that title must be skipped. */
export function runtimeContract(
  name: string,
  makeFactory: (options: RuntimeOptions) => RuntimeFactory,
  without: (title: string) => string | undefined = () => undefined,
): void {
  const it = (title: string, show: () => Promise<void>): void => {
    void test(title, { skip: without(title) ?? false }, show);
  };
  describe(`${name} fulfils the runtime contract`, () => {
    const folders = makeFolders();
    const workspace = join(folders.root, "workspace");
    const home = join(folders.options.dataHome, "conversation");
    let runtime: Runtime;
    before(async () => {
      runtime = await makeFactory(folders.options).create({ workspace, home });
    });
    after(async () => {
      await runtime[Symbol.asyncDispose]();
      folders.remove();
    });

    it("[R1] keeps directory, variables and functions from one command to the next", async () => {
      await run(runtime, "mkdir -p deep/er && cd deep/er && x=5 && declare -A m=([k]=v) && f() { echo f$x; }");
      const { output, cwd } = await run(runtime, "f; echo ${m[k]}; pwd");
      assert.equal(output, `f5\nv\n${workspace}/deep/er\n`);
      assert.equal(cwd, join(workspace, "deep/er"));
      assert.equal(runtime.cwd, cwd);
      await run(runtime, "cd ../..");
    });

    it("[R2] returns the exit code and both streams in order, and keeps $?", async () => {
      const { output, exitCode } = await run(runtime, "echo a; echo b >&2; echo c; (exit 7)");
      assert.deepEqual([output, exitCode], ["a\nb\nc\n", 7]);
      assert.equal((await run(runtime, "echo $?")).output, "7\n");
      assert.equal((await run(runtime, "no-such-program")).exitCode, 127);
      assert.equal((await run(runtime, "true")).endedBy, undefined);
    });

    it("[R2] lets a command open /dev/stdout and /dev/stderr", async () => {
      assert.equal((await run(runtime, "echo a >/dev/stdout; echo b | tee /dev/stderr")).output, "a\nb\nb\n");
    });

    it("[R3] reports a syntax error as the result, and runs the next command", async () => {
      for (const command of ["echo 'open", "if true; then", "echo )", "cat <<E\nx"]) await run(runtime, command);
      assert.notEqual((await run(runtime, "echo 'open")).exitCode, 0);
      assert.equal(
        (await run(runtime, "cat <<'E'\n$x `y` \\\nE\necho 'two\nlines' # end")).output,
        "$x `y` \\\ntwo\nlines\n",
      );
      assert.match((await run(runtime, "break; continue; return; echo on")).output, /on\n$/);
      assert.equal((await run(runtime, "echo $((1/0)); echo not")).exitCode, 1);
      assert.equal((await run(runtime, "set -u; echo $nothing_here")).exitCode, 1);
      assert.equal((await run(runtime, "set +u; set -x; :; set +x; echo on")).exitCode, 0);
      assert.equal((await run(runtime, "")).exitCode, 0);
    });

    it("[R4] gives a command neither input nor the server's descriptors", async () => {
      assert.equal((await run(runtime, "cat; read x; echo $?; ls /proc/self/fd | tr '\\n' ' '")).output, "1\n0 1 2 3 ");
      await run(runtime, "exec 3>three; echo to three >&3; exec 3>&-");
      assert.equal((await run(runtime, "cat three; rm three")).output, "to three\n");
    });

    it("[R5] interrupts a command at its time-out, skips the rest of it, and keeps the shell's state", async () => {
      await run(runtime, "kept=yes");
      const result = await run(runtime, "echo begun; sleep 1000; echo NOT; touch not", { timeoutMs: 1000 });
      assert.deepEqual([result.output, result.exitCode, result.endedBy], ["begun\n", 130, "timeout"]);
      assert.ok(result.durationMs >= 990, String(result.durationMs));
      assert.equal((await run(runtime, "echo $kept; ls not 2>&-")).output, "yes\n");
    });

    it("[O1] continues a command with a job id as a job after its time-out, and restores the earlier state for the next command", async () => {
      const seen: JobStatus[] = [];
      runtime.jobs.onEnd((job) => seen.push(job));
      await run(
        runtime,
        `mkdir -p kept && cd kept && x='1 "2"' && export e=$'a\nb' && declare -A m=([k]=v) && f() { echo f$x; } && alias g='echo g' && set -f -u && shopt -s extglob && umask 027 && set -- a 'b c'`,
      );
      const left = await run(
        runtime,
        "cd /; x=changed; echo begun; until [ -e $OLDPWD/go ]; do sleep 0.05; done; echo on; (exit 5)",
        { timeoutMs: 1000, jobId: "j1" },
      );
      assert.deepEqual(
        [left.output, left.exitCode, left.endedBy, left.cwd],
        ["begun\n", -1, "job", join(workspace, "kept")],
      );
      const next = await run(
        runtime,
        'f; echo "$e" ${m[k]} $# "$2" $-; g; shopt -q extglob && umask; pwd; env | grep -c ^x=',
      );
      assert.equal(
        next.output,
        `f1 "2"\na\nb v 2 b c ${next.output.match(/\S*u\S*$/m)?.[0]}\ng\n0027\n${workspace}/kept\n0\n`,
      );
      assert.equal(runtime.jobs.list().find(({ id }) => id === "j1")?.state, "running");
      await run(runtime, "touch go");
      await runtime.jobs.wait("j1", { timeoutMs: patienceMs }, never);
      const { output, status } = await runtime.jobs.look("j1");
      assert.deepEqual([output, status.state, status.exitCode], ["on\n", "ended", 5]);
      await until("its end is told", () => seen.some(({ id, exitCode }) => id === "j1" && exitCode === 5));
      await run(runtime, "exit");
      assert.equal((await run(runtime, "cd ..; echo ${x-gone}")).output, "gone\n");
    });

    it("[O1] reports shell state that is too large to carry over, and keeps the directory", async () => {
      await run(runtime, "mkdir -p large; cd large; large=$(head -c 5000000 /dev/zero | tr '\\0' x)");
      const left = await run(runtime, "sleep 1000", { timeoutMs: 300, jobId: "large" });
      assert.deepEqual([left.endedBy, left.losesState], ["job", true]);
      assert.equal((await run(runtime, "pwd; echo ${large-gone}; small=1")).output, `${workspace}/large\ngone\n`);
      const again = await run(runtime, "sleep 1000", { timeoutMs: 300, jobId: "small" });
      assert.deepEqual([again.endedBy, again.losesState], ["job", undefined]);
      assert.equal((await run(runtime, "echo $small; cd ..")).output, "1\n");
      for (const id of ["large", "small"]) runtime.jobs.signal(id, "KILL");
      for (const id of ["large", "small"]) await runtime.jobs.wait(id, { timeoutMs: patienceMs }, never);
    });

    it("[O1] a signal ends a job that outlived its time-out with everything it started, and no other process", async () => {
      const [other, its] = [uniqueSleep(), uniqueSleep()];
      await run(runtime, `sleep ${other} &`);
      const command = `trap '' INT TERM; (setsid sleep ${its} &); while :; do sleep ${its}; done`;
      assert.equal((await run(runtime, command, { timeoutMs: 300, jobId: "j2" })).endedBy, "job");
      await until("it runs", () => processesWith(its).length === 2);
      runtime.jobs.signal("j2", "KILL");
      await runtime.jobs.wait("j2", { timeoutMs: patienceMs }, never);
      await until("nothing of it is left", () => processesWith(its).length === 0);
      assert.equal(runtime.jobs.list().find(({ id }) => id === "j2")?.exitCode, 137);
      assert.equal(processesWith(other).length, 1);
      await run(runtime, `pkill -f ${other}`);
    });

    it("[O2] starts a job immediately with the shell's state, and returns its output once, in order", async () => {
      await run(runtime, "y=known; f() { echo f$y; }");
      const job = {
        id: "j3",
        command: "f; echo two >&2; read z; echo got $z; read z || echo end; exit 3",
        maxOutputBytes: 1000,
      };
      assert.equal((await runtime.jobs.start(job, never)).state, "running");
      let output = "";
      while (!output.endsWith("two\n")) {
        await runtime.jobs.wait("j3", { timeoutMs: patienceMs, quietMs: 200 }, never);
        output += (await runtime.jobs.look("j3")).output;
      }
      assert.equal(output, "fknown\ntwo\n");
      assert.equal((await runtime.jobs.look("j3")).output, "");
      runtime.jobs.type("j3", { type: "text", text: "it\n" });
      runtime.jobs.type("j3", { type: "keys", keys: ["ctrl-d"] });
      await runtime.jobs.wait("j3", { timeoutMs: patienceMs }, never);
      const end = await runtime.jobs.look("j3");
      assert.deepEqual([end.output, end.status.exitCode], ["got it\nend\n", 3]);
      assert.throws(() => runtime.jobs.type("j3", { type: "text", text: "x" }), failsWith("bad_tool_args"));
      assert.throws(() => runtime.jobs.signal("j0", "TERM"), failsWith("bad_tool_args"));
    });

    it("[O2] a job can be the first to run, and its streams are its own", async () => {
      const factory = makeFactory(folders.options);
      await using own = await factory.create({ workspace: join(folders.root, "third"), home: join(home, "third") });
      await own.jobs.start({ id: "j1", command: "cat; echo $HOME $CI", maxOutputBytes: 1000, input: "in\n" }, never);
      own.jobs.type("j1", { type: "keys", keys: ["ctrl-d"] });
      await own.jobs.wait("j1", { timeoutMs: patienceMs }, never);
      const { output } = await run(own, "echo $HOME $CI");
      assert.equal((await own.jobs.look("j1")).output, `in\n${output}`);
      assert.match(output, /^\/\S+ 1\n$/);
    });

    it("[O2] a signal reaches a job that has just started and its descendants; the number of running jobs is limited", async () => {
      const sleep = uniqueSleep();
      const start = (id: string) =>
        runtime.jobs.start({ id, command: `sleep ${sleep} & sleep ${sleep}; true`, maxOutputBytes: 1000 }, never);
      const ids = Array.from({ length: 20 }, (_, at) => `many${at}`);
      for (const id of ids) await start(id);
      await assert.rejects(start("more"), failsWith("bad_tool_args"));
      for (const id of ids) runtime.jobs.signal(id, "KILL");
      await Promise.all(ids.map((id) => runtime.jobs.wait(id, { timeoutMs: patienceMs }, never)));
      await until("all are dead", () => processesWith(sleep).length === 0);
      assert.ok(runtime.jobs.list().every(({ state }) => state === "ended"));
    });

    /** Waits until the terminal shows what is expected. */
    const screenOf = async (id: string, expected: RegExp) => {
      for (const deadline = performance.now() + patienceMs; ;) {
        const screen = await runtime.jobs.look(id);
        if (expected.test(screen.output)) return screen;
        assert.ok(performance.now() < deadline, `the terminal shows:\n${screen.output}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    const onTerminal = (id: string, command: string) =>
      runtime.jobs.start({ id, command, maxOutputBytes: 1000, terminal: { rows: 8, columns: 40 } }, never);

    it("[O8] runs interactive programs on a terminal: a prompt, python, and keys by name", async () => {
      await onTerminal(
        "t1",
        "read -p 'Your name? ' n; read -sp 'Word? ' w; printf '\\033[2J\\033[H%s ' \"$n $w\"; stty size",
      );
      await screenOf("t1", /^Your name\?$/);
      runtime.jobs.type("t1", { type: "text", text: "Zoë" });
      runtime.jobs.type("t1", { type: "keys", keys: ["enter"] });
      const { screen } = await screenOf("t1", /^Your name\? Zoë\nWord\?$/);
      assert.deepEqual(screen?.cursor, { row: 1, column: 6 });
      runtime.jobs.type("t1", { type: "text", text: "x\n" });
      await runtime.jobs.wait("t1", { timeoutMs: patienceMs }, never);
      assert.equal((await runtime.jobs.look("t1")).output, "Zoë x 8 40");
      assert.throws(() => runtime.jobs.type("t1", { type: "text", text: "x" }), failsWith("bad_tool_args"));

      await onTerminal("t2", "python3 -q");
      await screenOf("t2", />>>$/);
      runtime.jobs.type("t2", { type: "text", text: "import time; print(6 * 7); time.sleep(999)\n" });
      await screenOf("t2", /\n42$/);
      runtime.jobs.type("t2", { type: "keys", keys: ["ctrl-c"] });
      await screenOf("t2", /KeyboardInterrupt\n>>>$/);
      assert.throws(() => runtime.jobs.type("t2", { type: "keys", keys: ["any"] }), failsWith("bad_tool_args"));
      runtime.jobs.type("t2", { type: "text", text: "exit(3)" });
      runtime.jobs.type("t2", { type: "keys", keys: ["enter"] });
      await runtime.jobs.wait("t2", { timeoutMs: patienceMs }, never);
      assert.equal((await runtime.jobs.look("t2")).status.exitCode, 3);
    });

    it("[O8] returns what the screen shows, including the alternate screen, and resizes it", async () => {
      await run(runtime, "seq -f 'line %g' 100 >lines");
      await onTerminal("t3", "less lines; echo back; sleep 1000");
      const top = await screenOf("t3", /^line 1\nline 2\nline 3\nline 4\nline 5\nline 6\nline 7\nlines$/);
      assert.equal(top.screen?.alternate, true);
      runtime.jobs.type("t3", { type: "keys", keys: ["pagedown", "down"] });
      await screenOf("t3", /^line 9\n[^]*\n:$/);
      await runtime.jobs.resize("t3", { rows: 4, columns: 20 });
      const small = await screenOf("t3", /^.*\n.*\n.*\n:$/);
      assert.deepEqual(small.status.terminal, { rows: 4, columns: 20 });
      // less drops a key that arrives while it redraws for the new size, so the key is typed until it is taken.
      const typing = setInterval(() => runtime.jobs.type("t3", { type: "text", text: "q" }), 500);
      const left = await screenOf("t3", /(^|\n)back(\n|$)/).finally(() => clearInterval(typing));
      assert.equal(left.screen?.alternate, false);
      runtime.jobs.signal("t3", "KILL");
      await runtime.jobs.wait("t3", { timeoutMs: patienceMs }, never);
      assert.equal((await runtime.jobs.look("t3")).status.exitCode, 137);
    });

    it("[UW1] a shared terminal is an interactive shell in the workspace, and its serialized screen matches what it shows", async () => {
      const terminal = await runtime.terminals.open({ id: "p1", rows: 8, columns: 60 });
      let output = "";
      const ended = new Promise<number>((resolve) => {
        terminal.subscribe({ onOutput: (text) => (output += text), onResize: () => {}, onEnd: resolve });
      });
      terminal.type("[ -t 0 ] && echo $((6 * 7))-is in $PWD; exit 4\r");
      assert.equal(await ended, 4);
      assert.match(output, /42-is in \S+\r\n/);
      assert.match((await terminal.serialize()).data, /42-is in/);
      assert.equal(runtime.terminals.find("p1"), undefined);
      assert.ok(!runtime.jobs.list().some(({ id }) => id === "p1"));
    });

    it("[O8] edits an interactive rebase on the terminal", async () => {
      await run(
        runtime,
        "git init -q rebase && cd rebase && git config user.name a && git config user.email a@b && for i in one two; do git commit -q --allow-empty -m $i; done",
      );
      const editor = `sh -c 'cat "$1"; printf "Word? "; read word </dev/tty; sed -i "2s/pick/$word/" "$1"' -`;
      await run(runtime, `export GIT_SEQUENCE_EDITOR=${JSON.stringify(editor).replaceAll("$", "\\$")}`);
      await onTerminal("t4", "git rebase -i --root --keep-empty 2>&1 | cat; git log --format=%s");
      await screenOf("t4", /Word\?$/);
      runtime.jobs.type("t4", { type: "text", text: "drop\n" });
      await runtime.jobs.wait("t4", { timeoutMs: patienceMs }, never);
      assert.match((await runtime.jobs.look("t4")).output, /\none$/);
      await run(runtime, "cd ..; unset GIT_SEQUENCE_EDITOR; rm -rf rebase");
    });

    it("[O9] keeps only the last version of an overwritten line, without escape codes", async () => {
      const progress =
        "for i in {1..300}; do printf '\\r\\e[32m%d%%\\e[0m of it' $i; done; printf '\\ndone\\r\\n\\e]0;title\\a\\e[1mbold\\e[m\\n'";
      const { output, fullOutput: whole } = await run(runtime, progress, { maxOutputBytes: 100 });
      assert.equal(output, "300% of it\ndone\r\nbold\n");
      assert.match((await run(runtime, `head -c 30 ${whole?.path} | cat -v`)).output, /^\^M\^\[\[32m1%/);
      const slowly = "printf '1%%\\r'; sleep 0.1; printf '2%%\\r\\n'; printf 'a\\rb'";
      assert.equal((await run(runtime, slowly)).output, "2%\r\nb");
    });

    it("[O10] endless output uses bounded memory and a bounded file, also in a job and on a terminal", async () => {
      const rssBefore = process.memoryUsage().rss;
      const result = await run(runtime, "head -c 300000000 /dev/zero", { timeoutMs: 100_000 });
      assert.deepEqual([result.fullOutput?.sizeBytes, result.fullOutput?.cut], [300_000_000, true]);
      await runtime.jobs.start({ id: "y1", command: "yes | head -c 300000000", maxOutputBytes: 1000 }, never);
      await onTerminal("y2", "yes 'a line' | head -n 200000");
      for (const id of ["y1", "y2"]) await runtime.jobs.wait(id, { timeoutMs: 100_000 }, never);
      const { output, fullOutput: whole } = await runtime.jobs.look("y1");
      assert.match(output, /^y\n[^]*bytes left out[^]*y\n$/);
      assert.deepEqual([whole?.sizeBytes, whole?.cut], [300_000_000, true]);
      assert.match((await runtime.jobs.look("y2")).output, /^(a line\n?){7}$/);
      // A program that queries the terminal forever and reads no reply.
      await onTerminal("y3", "stty -echo; yes \"$(printf '\\033[6n')\" | head -c 1000000; sleep 1000");
      await runtime.jobs.wait("y3", { timeoutMs: 60_000, quietMs: 1000 }, never);
      assert.equal((await runtime.jobs.look("y3")).status.state, "running");
      runtime.jobs.signal("y3", "KILL");
      await runtime.jobs.wait("y3", { timeoutMs: patienceMs }, never);
      // Input is also limited for a program that does not read it.
      await runtime.jobs.start({ id: "y4", command: "sleep 1000", maxOutputBytes: 1000 }, never);
      assert.throws(() => {
        for (let i = 0; i < 20; i += 1) runtime.jobs.type("y4", { type: "text", text: "x".repeat(60_000) });
      }, failsWith("bad_tool_args"));
      runtime.jobs.signal("y4", "KILL");
      const grownBytes = process.memoryUsage().rss - rssBefore;
      assert.ok(grownBytes < 250_000_000, String(grownBytes));
    });

    it("[O10] five megabytes in a second make few deltas and do not block the event loop", async () => {
      const flood = "for i in {1..50}; do head -c 100000 /dev/zero | tr '\\0' x; echo; sleep 0.01; done";
      const blockedMs: number[] = [];
      // A full garbage collection may fall into a round, but not into all.
      while (blockedMs.length < 5 && !blockedMs.some((ms) => ms < 50)) {
        const { longestMs } = await watchEventLoop(async () => {
          const { live, durationMs } = await run(runtime, flood);
          assert.ok(live.length < 4 + durationMs / 100, `${live.length} deltas in ${durationMs} ms`);
        });
        blockedMs.push(longestMs);
      }
      assert.ok(Math.min(...blockedMs) < 50, `${blockedMs.join(", ")} ms`);
    });

    it("[O11] nothing prompts: input is empty unless given, there is no pager, and git fails immediately", async () => {
      assert.equal((await run(runtime, "cat; n=$(wc -c); echo $n", { input: "it's\n$x" })).output, "it's\n$x0\n");
      assert.equal((await run(runtime, "read a; read b; c=$a$b", { input: "1\n2\n" })).exitCode, 0);
      assert.equal((await run(runtime, "echo $c; head -c1", { input: "y".repeat(300_000) })).output, "12\ny");
      assert.equal(
        (await run(runtime, "echo $CI $PAGER $GIT_PAGER $GIT_TERMINAL_PROMPT; [ -t 0 ] || [ -t 1 ] || echo none"))
          .output,
        "1 cat cat 0\nnone\n",
      );
      await run(
        runtime,
        "git init -q asks; cd asks; git config user.name a; git config user.email a@b; touch a; git add a",
      );
      assert.notEqual((await run(runtime, "git commit", { timeoutMs: patienceMs })).exitCode, 0);
      const logged = await run(runtime, "git commit -qm one; git log --oneline | wc -l; cd ..; rm -rf asks");
      assert.equal(logged.output, "1\n");
    });

    it("[R1] a virtual environment stays active until it is deactivated", async () => {
      const activate = [
        "deactivate() { PATH=$_OLD_PATH; hash -r; unset -f deactivate; unset VIRTUAL_ENV; }",
        `VIRTUAL_ENV=${workspace}/venv; export VIRTUAL_ENV; _OLD_PATH=$PATH; PATH="$VIRTUAL_ENV/bin:$PATH"; export PATH; hash -r`,
      ];
      mkdirSync(join(workspace, "venv/bin"), { recursive: true });
      writeFileSync(join(workspace, "venv/bin/activate"), activate.join("\n"));
      writeFileSync(join(workspace, "venv/bin/python3"), "#!/bin/sh\necho mine\n", { mode: 0o755 });
      await run(runtime, ". venv/bin/activate");
      assert.equal((await run(runtime, "python3; echo $VIRTUAL_ENV")).output, `mine\n${workspace}/venv\n`);
      assert.equal((await run(runtime, "sleep 1000", { timeoutMs: 100, jobId: "v1" })).endedBy, "job");
      const left = await run(runtime, "python3; deactivate; echo ${VIRTUAL_ENV-left}; python3 -c 'print(1)'");
      assert.equal(left.output, "mine\nleft\n1\n");
      runtime.jobs.signal("v1", "INT");
      await runtime.jobs.wait("v1", { timeoutMs: patienceMs }, never);
      assert.equal((await runtime.jobs.look("v1")).status.state, "ended");
    });

    it("[R6] stops the command when the caller stops iterating, and runs nothing if the signal has already aborted", async () => {
      const sleep = uniqueSleep();
      for await (const text of runtime.exec(`echo on; sleep ${sleep}`, defaults, never)) {
        assert.equal(text, "on\n");
        break;
      }
      assert.deepEqual(processesWith(sleep), []);
      const result = await run(runtime, "touch not", { signal: AbortSignal.abort() });
      assert.deepEqual([result.endedBy, result.exitCode], ["stop", 130]);
      assert.equal(existsSync(join(workspace, "not")), false);
    });

    it("[R7] a background process delays nothing and survives the interrupt of a later command", async () => {
      const sleep = uniqueSleep();
      const started = await run(runtime, `sleep ${sleep} & (setsid sleep ${sleep} &) ; echo started`);
      assert.equal(started.output, "started\n");
      await until("both run", () => processesWith(sleep).length === 2);
      assert.equal((await run(runtime, "sleep 1000", { timeoutMs: 50 })).endedBy, "timeout");
      assert.equal(processesWith(sleep).length, 2);
      await run(runtime, `kill %1; pkill -f ${sleep}`);
      await until("both ended", () => processesWith(sleep).length === 0);
    });

    it("[R7] adds the last output of a background process between commands to the next command's output", async () => {
      await run(runtime, "(sleep 0.05; seq 100000; touch printed) &");
      await until("it printed", () => existsSync(join(workspace, "printed")));
      const { output } = await run(runtime, "echo next", { maxOutputBytes: 1000 });
      assert.match(output, /\n99999\n100000\nnext\n$/);
      let { output: quick } = await run(runtime, "echo quick &");
      for (let i = 0; i < 100 && quick === ""; i++) quick += (await run(runtime, "sleep 0.05")).output;
      assert.equal(quick, "quick\n");
    });

    const endings: readonly (readonly [string, number])[] = [
      ["exit 3", 3],
      ["set -e; false; echo NOT", 1],
      ["exec sh -c 'exit 4'", 4],
      ["kill -9 $$", 137],
    ];
    for (const [command, exitCode] of endings) {
      it(`[R8] after ${command} the next command runs in a new shell in the same directory`, async () => {
        await run(runtime, "mkdir -p there; cd there; lost=1; echo mine >/tmp/deckhand-$PPID-kept || true");
        const result = await run(runtime, command);
        assert.deepEqual([result.output, result.exitCode, result.endedBy], ["", exitCode, "shell_exit"]);
        assert.equal((await run(runtime, "pwd; echo ${lost-gone}")).output, `${workspace}/there\ngone\n`);
        await run(runtime, "cd ..; rm -rf there; rm -f /tmp/deckhand-*-kept");
      });
    }

    it("[R9] keeps head and tail of long output, and all of it in a file that commands can read", async () => {
      const result = await run(runtime, "seq 1 100000", { maxOutputBytes: 1000 });
      assert.match(result.output, /^1\n2\n3\n[^]*\n\[\.\.\. 587895 bytes left out \.\.\.\]\n[^]*99999\n100000\n$/);
      assert.ok(result.output.length < 1100);
      assert.deepEqual([result.fullOutput?.sizeBytes, result.fullOutput?.cut], [588_895, false]);
      const path = result.fullOutput?.path ?? "";
      assert.equal((await run(runtime, `seq 1 100000 | cmp - ${path} && wc -l <${path}`)).output, "100000\n");
      assert.equal((await runtime.readFile(path, 1_000_000, never)).data.length, 588_895);
      const short = await run(runtime, "head -c 1000 /dev/zero | tr '\\0' x", { maxOutputBytes: 1000 });
      assert.deepEqual([short.output, short.fullOutput], ["x".repeat(1000), undefined]);
    });

    it("[R9] 200 MB of output use bounded memory and a bounded file, and the command does not wait for a caller that does not read", async () => {
      const rssBefore = process.memoryUsage().rss;
      const result = await run(runtime, "yes deckhand | head -c 200000000");
      assert.ok(process.memoryUsage().rss - rssBefore < 150_000_000, "memory grew");
      assert.deepEqual([result.fullOutput?.sizeBytes, result.fullOutput?.cut], [200_000_000, true]);
      assert.equal((await run(runtime, `wc -c <${result.fullOutput?.path}`)).output, `${64 * 1024 * 1024}\n`);
      // The command ends even though nobody takes what is yielded.
      const running = runtime.exec("yes | head -c 5000000; touch ended", defaults, never);
      await running.next();
      await until("it ended", () => existsSync(join(workspace, "ended")));
      await running.return({ output: "", exitCode: 0, cwd: "", durationMs: 0 });
    });

    it("[R10] output is valid UTF-8 wherever it is cut, and invalid bytes are replaced", async () => {
      const slowly = "printf '\\xe4'; sleep 0.05; printf '\\xbd'; sleep 0.05; printf '\\xa0好\\n'; sleep 0.3";
      const { output, live } = await run(runtime, slowly);
      assert.deepEqual([output, live.join("")], ["你好\n", "你好\n"]);
      for (const maxOutputBytes of [10, 11, 12, 13]) {
        const cut = await run(runtime, "printf '你%.0s' {1..100}; printf '😀%.0s' {1..100}", {
          maxOutputBytes,
        });
        assert.match(cut.output, /^你+\n\[\.\.\. \d+ bytes left out \.\.\.\]\n😀*$/u);
      }
      assert.equal((await run(runtime, "printf 'a\\xff\\x00b'")).output, "a\u{fffd}\0b");
    });

    it("[R11] rejects a command with a NUL byte and runs nothing", async () => {
      await assert.rejects(run(runtime, "touch not\0"), failsWith("bad_tool_args"));
      assert.equal(existsSync(join(workspace, "not")), false);
    });

    it("[R12] reads files byte for byte, relative to the shell's directory", async () => {
      const all = Buffer.from(Array.from({ length: 256 * 300 }, (_, i) => i % 256));
      const text = Buffer.from(Array.from({ length: 10_000 }, (_, i) => (i % 255) + 1));
      for (const [file, data] of [
        ["all", all],
        ["text", text],
        ["empty", Buffer.alloc(0)],
        ["-e 'q\" $x\n", text],
      ] as const) {
        writeFileSync(join(workspace, file), data);
        const read = await runtime.readFile(file, 1_000_000, never);
        assert.deepEqual([Buffer.compare(read.data, data), read.path], [0, join(workspace, file)]);
      }
      await run(runtime, "mkdir -p sub && cd sub && echo here >file");
      assert.equal(String((await runtime.readFile("file", 10, never)).data), "here\n");
      assert.equal((await runtime.readFile("../all", all.length, never)).data.length, all.length);
      await run(runtime, "cd ..");
    });

    it("[R12] distinguishes why a file cannot be read", async () => {
      await run(runtime, "mkdir -p folder; mkfifo -m 666 fifo; ln -s nowhere dangling; ln -s folder link");
      const cases: readonly (readonly [string, ErrorCode])[] = [
        ["missing", "file_not_found"],
        ["all/below", "file_not_found"],
        ["dangling", "file_not_found"],
        ["", "file_not_found"],
        ["nul\0", "file_not_found"],
        ["folder", "is_directory"],
        ["link/", "is_directory"],
        ["fifo", "file_failed"],
        ["/dev/zero", "file_failed"],
        ["all", "file_too_large"],
      ];
      for (const [path, code] of cases) await assert.rejects(runtime.readFile(path, 100, never), failsWith(code), path);
    });

    it("[R13] a write replaces the whole file, creates its folders and keeps its mode", async () => {
      const datas = [Buffer.from("text\n"), Buffer.from([0, 1, 255]), Buffer.alloc(3_000_000, "é"), Buffer.alloc(0)];
      for (const [i, data] of datas.entries()) {
        const path = `made/for/${i}/it's $new`;
        assert.equal((await runtime.writeFile(path, data, never)).path, join(workspace, path));
        assert.equal(Buffer.compare(readFileSync(join(workspace, path)), data), 0);
        assert.equal(statSync(join(workspace, path)).mode & 0o777, 0o644);
        chmodSync(join(workspace, path), 0o750);
        await runtime.writeFile(path, Buffer.from("again"), never);
        assert.equal(readFileSync(join(workspace, path), "utf8"), "again");
        assert.equal(statSync(join(workspace, path)).mode & 0o777, 0o750);
        assert.deepEqual(readdirSync(join(workspace, `made/for/${i}`)), ["it's $new"]);
      }
    });

    it("[R13] a reader sees the old or the new file, never part of one", async () => {
      const old = "o".repeat(2_000_000);
      await runtime.writeFile("atomic", Buffer.from(old), never);
      const inode = statSync(join(workspace, "atomic")).ino;
      const watching = run(runtime, "while :; do wc -c <atomic; done | sort -u", { timeoutMs: 300 });
      await runtime.writeFile("atomic", Buffer.from("n".repeat(3_000_000)), never);
      const sizes = (await watching).output.split("\n").filter((line) => line !== "");
      assert.ok(
        sizes.every((size) => size === "2000000" || size === "3000000"),
        sizes.join(),
      );
      assert.notEqual(statSync(join(workspace, "atomic")).ino, inode);
    });

    it("[R14] writes nothing outside the workspace, the home and /tmp, not even through links", async () => {
      await run(runtime, `ln -sfn /usr usr; ln -sf /etc/passwd passwd; ln -sf real linked; echo r >real`);
      const outside = ["/etc/deckhand-test", "/deckhand-test", "usr/deckhand-test", "usr/new/deckhand-test", "passwd"];
      const shell = `${"../".repeat(20)}etc/deckhand-test`;
      for (const path of [...outside, shell]) {
        await assert.rejects(runtime.writeFile(path, Buffer.from("x"), never), failsWith("outside_workspace"), path);
      }
      for (const path of ["folder", "folder/", ".", "/usr"]) {
        await assert.rejects(runtime.writeFile(path, Buffer.from("x"), never), failsWith("is_directory"), path);
      }
      await assert.rejects(runtime.writeFile("real/below", Buffer.from("x"), never), failsWith("file_failed"));
      // A symbolic link inside the workspace stays one.
      await runtime.writeFile("linked", Buffer.from("through"), never);
      assert.equal((await run(runtime, "cat real; readlink linked")).output, "throughreal\n");
      // The channel is still in sync after all the rejected requests.
      assert.equal(String((await runtime.readFile("real", 100, never)).data), "through");
    });

    it("[R14] the shell and the file tools share /tmp", async () => {
      const { output } = await run(runtime, "mktemp -d /tmp/deckhand-shared-XXXXXX");
      const file = `${output.trim()}/file`;
      await runtime.writeFile(file, Buffer.from("shared"), never);
      assert.equal((await run(runtime, `cat ${file}; rm -r ${output.trim()}`)).output, "shared");
    });

    it("[R15] files and programs do not wait for the running command and are independent of the shell's state", async () => {
      await run(runtime, "head() { echo fooled; }; cat() { echo fooled; }; alias mv='echo fooled'; PATH=/nowhere");
      const stop = new AbortController();
      const command = run(runtime, "while :; do /bin/sleep 1000; done", { signal: stop.signal });
      await runtime.writeFile("during", Buffer.from("d"), never);
      assert.equal(String((await runtime.readFile("during", 10, never)).data), "d");
      assert.equal(String((await runtime.spawn(["cat", "during"], 10, never)).stdout), "d");
      stop.abort();
      assert.equal((await command).endedBy, "stop");
      await run(runtime, "exit");
    });

    it("[R16] passes arguments to a program unchanged, and returns both streams and its exit code", async () => {
      const odd = ["", "two words", "it's", "$x", "new\nline", "*", "-n", "你"];
      const echo = await runtime.spawn(["printf", "<%s>", ...odd], 1000, never);
      assert.equal(String(echo.stdout), odd.map((each) => `<${each}>`).join(""));
      const both = await runtime.spawn(["sh", "-c", "pwd; echo err >&2; printf '\\0'; exit 9"], 1000, never);
      assert.deepEqual(
        [String(both.stdout), both.stderr, both.exitCode, both.cut],
        [`${workspace}\n\0`, "err\n", 9, false],
      );
      assert.equal((await runtime.spawn(["no-such-program"], 10, never)).exitCode, 127);
      await assert.rejects(runtime.spawn(["echo", "a\0b"], 10, never), failsWith("bad_tool_args"));
    });

    it("[R16] truncates the output of a program that prints too much, and kills one that is stopped", async () => {
      const cut = await runtime.spawn(["yes"], 1000, never);
      assert.deepEqual([cut.stdout.length, cut.cut], [1000, true]);
      assert.equal((await runtime.spawn(["seq", "1"], 2, never)).cut, false);
      const sleep = uniqueSleep();
      const stop = new AbortController();
      const slow = runtime.spawn(["sleep", sleep], 10, stop.signal);
      await until("it runs", () => processesWith(sleep).length === 1);
      stop.abort();
      await assert.rejects(slow, failsWith("interrupted"));
      await until("it is dead", () => processesWith(sleep).length === 0);
      assert.equal(String((await runtime.spawn(["echo", "next"], 10, never)).stdout), "next\n");
    });

    it("[R16] stopping a program that waits for its turn does not kill the one that runs", async () => {
      for (let round = 0; round < 3; round += 1) {
        const sleep = uniqueSleep();
        const running = runtime.spawn(["sh", "-c", "sleep 0.3; echo done"], 100, never);
        const stop = new AbortController();
        const queued = runtime.spawn(["sleep", sleep], 10, stop.signal);
        // The abort arrives while the first program runs.
        setTimeout(() => stop.abort(), 100);
        await assert.rejects(queued, failsWith("interrupted"));
        const { stdout, exitCode } = await running;
        assert.deepEqual([String(stdout), exitCode], ["done\n", 0]);
        assert.deepEqual(processesWith(sleep), [], "the queued program never started");
      }
    });

    describe("an isolated program", () => {
      const factory = makeFactory(folders.options);
      const runIsolated = (
        argv: readonly string[],
        more: Partial<IsolatedProgram> = {},
        signal = never,
        maxBytes = 1000,
      ) =>
        factory.runIsolated(
          { argv, cwd: workspace, folders: [{ path: workspace, access: "write" }], ...more },
          maxBytes,
          signal,
        );

      it("[V1] gets its arguments, input and environment unchanged, and returns both streams and its exit code", async () => {
        writeFileSync(join(workspace, "read me"), "in a file\n");
        const script =
          'printf "%s|" "$@"; cat; cat "read me"; echo $MORE >&2; pwd >&2; echo made > "made inside"; exit 3';
        const { stdout, ...rest } = await runIsolated(["bash", "-c", script, "x", "a b", "c\nd", ""], {
          env: { MORE: "of it" },
          stdin: "given\n",
        });
        assert.equal(Buffer.from(stdout).toString(), "a b|c\nd||given\nin a file\n");
        assert.deepEqual(rest, { stderr: `of it\n${workspace}\n`, exitCode: 3, cut: false });
        assert.equal(readFileSync(join(workspace, "made inside"), "utf8"), "made\n");
        assert.notEqual((await runIsolated(["bash", "-c", "kill -9 $$"])).exitCode, 0);
        await assert.rejects(runIsolated(["echo", "a\0b"]), failsWith("bad_tool_args"));
      });

      it("[V1] is killed if it is stopped or prints too much, and leaves nothing running", async () => {
        const [behind, waits] = [uniqueSleep(), uniqueSleep()];
        await runIsolated(["bash", "-c", `setsid sleep ${behind} & echo started`]);
        await until("nothing is left behind", () => processesWith(behind).length === 0);
        const printed = await runIsolated(["bash", "-c", "yes"]);
        assert.deepEqual([printed.stdout.length, printed.cut], [1000, true]);
        const stop = new AbortController();
        const waiting = runIsolated(
          ["bash", "-c", `trap '' TERM INT; sleep ${waits} & sleep ${waits}`],
          {},
          stop.signal,
        );
        await until("it runs", () => processesWith(waits).length === 2);
        stop.abort();
        await assert.rejects(waiting, failsWith("interrupted"));
        await until("nothing is left of it", () => processesWith(waits).length === 0);
        await assert.rejects(runIsolated(["true"], {}, stop.signal), failsWith("interrupted"));
      });
    });

    it("[R17] runs commands one at a time, in call order", async () => {
      const commands = Array.from({ length: 20 }, (_, i) => run(runtime, `n=$((n + 1)); echo ${i} $n`));
      const outputs = (await Promise.all(commands)).map(({ output }) => output);
      assert.deepEqual(
        outputs,
        Array.from({ length: 20 }, (_, i) => `${i} ${i + 1}\n`),
      );
    });

    it("[R17] a stopped command leaves the queue immediately", async () => {
      const stop = new AbortController();
      const first = run(runtime, "sleep 0.3; echo first");
      const second = run(runtime, "echo second", { signal: stop.signal });
      const third = run(runtime, "echo third");
      stop.abort();
      assert.deepEqual([(await second).endedBy, (await second).output], ["stop", ""]);
      assert.deepEqual([(await first).output, (await third).output], ["first\n", "third\n"]);
    });

    it("[R18] dispose leaves no process of the conversation, however it tried to escape, and nothing runs afterwards", async () => {
      const factory = makeFactory(folders.options);
      const own = await factory.create({ workspace: join(folders.root, "second"), home: join(home, "second") });
      const sleep = uniqueSleep();
      await run(own, `setsid nohup sleep ${sleep} & (sleep ${sleep} & disown); trap '' TERM HUP; sleep ${sleep} &`);
      const running = run(own, `sleep ${sleep}`);
      await until("all run", () => processesWith(sleep).length === 4);
      await own[Symbol.asyncDispose]();
      assert.deepEqual(processesWith(sleep), []);
      assert.equal((await running).endedBy, "shell_exit");
      await assert.rejects(run(own, "true"), failsWith("sandbox_unavailable"));
      await own[Symbol.asyncDispose]();
    });
  });
}
