/** The part of the contract that measures time, for test files that run alone (`*.timing.test.ts`). */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it as test } from "node:test";
import { defaults, makeFolders, processesWith, run, uniqueSleep, until } from "./runtime.contract.ts";
import type { Runtime, RuntimeFactory } from "./runtime.ts";
import type { RuntimeOptions } from "./runtime-options.ts";

/** `without` returns why the test with that title must be skipped. */
export function runtimeTimingContract(
  name: string,
  makeFactory: (options: RuntimeOptions) => RuntimeFactory,
  without: (title: string) => string | undefined = () => undefined,
): void {
  const it = (title: string, show: () => Promise<void>): void => {
    void test(title, { skip: without(title) ?? false }, show);
  };
  describe(`${name} is fast enough`, () => {
    const folders = makeFolders();
    let runtime: Runtime;
    before(async () => {
      const workspace = join(folders.root, "workspace");
      const home = join(folders.options.dataHome, "conversation");
      runtime = await makeFactory(folders.options).create({ workspace, home });
      // The first command also starts the shell.
      await run(runtime, "true");
    });
    after(async () => {
      await runtime[Symbol.asyncDispose]();
      folders.remove();
    });

    const stubborn: readonly (readonly [string, string])[] = [
      ["a loop in the shell itself", "echo on; while :; do :; done"],
      ["a loop of programs", "echo on; while :; do sleep 1000; done"],
      [
        "a program that ignores interrupts",
        "bash -c 'trap \"\" INT TERM; echo on; while :; do sleep 1000; done'; echo NOT",
      ],
      ["a builtin that waits for input", "mkfifo pipe$$; echo on; read x <pipe$$; echo NOT"],
      ["a pipeline", "(echo on; sleep 1000) | cat; echo NOT"],
      ["a shell that ignores all signals", "trap '' INT TERM USR1; echo on; while :; do :; done"],
      [
        "a program that has left the shell's tree",
        "echo on; setsid bash -c 'sleep 1000 & disown; exit' ; sleep 1000; echo NOT",
      ],
    ];
    for (const [what, command] of stubborn) {
      it(`[R6] stop ends ${what} and everything it started within a second`, async () => {
        const sleep = uniqueSleep();
        const stop = new AbortController();
        const running = runtime.exec(command.replaceAll("1000", sleep), defaults, stop.signal);
        const first = await running.next();
        assert.equal(first.value, "on\n");
        if (command.includes("sleep")) await until("it started", () => processesWith(sleep).length > 0);
        const stoppedAt = performance.now();
        stop.abort();
        const end = await running.next();
        assert.ok(end.done);
        assert.ok(performance.now() - stoppedAt < 1000, String(performance.now() - stoppedAt));
        assert.deepEqual([end.value.output, end.value.exitCode, end.value.endedBy], ["on\n", 130, "stop"]);
        assert.deepEqual(processesWith(sleep), []);
        assert.equal((await run(runtime, "echo next")).output, "next\n");
      });
    }

    it("[R19] a command that does nothing takes almost no time", async () => {
      const times: number[] = [];
      for (let i = 0; i < 200; i++) times.push((await run(runtime, "echo x")).durationMs);
      const median = times.sort((a, b) => a - b)[100] ?? Infinity;
      assert.ok(median < 5, `${median} ms`);
    });
  });
}
