/**
 * The same shell and the same files without a wall: commands run as the server's user. Only for who chose DECKHAND_RUNTIME=host.
 * Processes are found by session and by a mark in their environment; what throws both away (`env -i setsid`) survives `dispose`.
 */
import { randomUUID } from "node:crypto";
import { mkdir, realpath } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { boxOpener } from "./box/box.ts";
import { BoxedRuntime } from "./box/boxed-runtime.ts";
import { runOnce } from "./box/run-once.ts";
import { supervisorCommand, supervisorFile } from "./box/driver.ts";
import { outputFiles } from "./box/output/whole-file.ts";
import { pipeSource } from "./box/pipe.ts";
import type { RuntimeFactory, RuntimeStatus } from "./runtime.ts";
import { commandEnvironment } from "./wall/environment.ts";
import { checkedWorkspace } from "./wall/workspace.ts";
import type { RuntimeOptions } from "./wall/options.ts";

const status: RuntimeStatus = {
  kind: "host",
  proven: false,
  sentence:
    "There is no sandbox: commands run on this machine with all rights of the server's user, and with this machine's network.",
  checks: [],
  untried: [],
  triedAt: new Date().toISOString(),
};

export function hostRuntimes(options: RuntimeOptions): RuntimeFactory {
  const pipes = pipeSource();
  const environment = (mark: string) => ({
    ...commandEnvironment({ path: options.path, home: options.userHome }),
    [mark.slice(0, mark.indexOf("="))]: mark.slice(mark.indexOf("=") + 1),
  });
  return {
    status: () => Promise.resolve(status),
    async create({ workspace, home }) {
      const checked = await checkedWorkspace(workspace, options);
      const own = join(home, "home");
      const outputs = join(home, "outputs");
      await mkdir(own, { recursive: true, mode: 0o700 });
      await mkdir(outputs, { recursive: true });
      const mark = `DECKHAND_CONVERSATION=${randomUUID()}`;
      const zones = [checked.path, await realpath(own), await realpath("/tmp"), await realpath(tmpdir())];
      return new BoxedRuntime({
        kind: "host",
        workspace: checked.path,
        outputs: outputFiles(outputs, outputs),
        open: boxOpener(pipes, { outside: outputs, inside: outputs }, async () => ({
          argv: supervisorCommand(supervisorFile, zones, mark),
          feeds: [],
          env: environment(mark),
          cwd: "/",
          walled: false,
          mark,
        })),
      });
    },
    runApart(program, maxBytes, signal) {
      const { argv, cwd, env } = program;
      const mark = `DECKHAND_APART=${randomUUID()}`;
      return runOnce(
        { argv, feeds: [], env: { ...environment(mark), ...env }, cwd, walled: false, mark },
        program,
        maxBytes,
        signal,
      );
    },
  };
}
