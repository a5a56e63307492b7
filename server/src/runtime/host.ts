/**
 * The same shell and file access without a sandbox: commands run as the server's user. Only with DECKHAND_RUNTIME=host.
 * Processes are found by their session and by a mark in their environment; a process that drops both (`env -i setsid`)
 * survives `dispose`.
 */
import { randomUUID } from "node:crypto";
import { mkdir, realpath } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { processHostOpener } from "./shell/local-host.ts";
import { ShellRuntime } from "./shell/shell-runtime.ts";
import { runOnce } from "./shell/run-once.ts";
import { supervisorCommand, supervisorPath } from "./shell/shell-protocol.ts";
import { outputFiles } from "./shell/output/output-file.ts";
import { pipeSource } from "./shell/pipe.ts";
import type { RuntimeFactory, RuntimeStatus } from "./runtime.ts";
import { commandEnvironment } from "./sandbox/environment.ts";
import { checkWorkspace } from "./sandbox/workspace-policy.ts";
import type { RuntimeOptions } from "./runtime-options.ts";

const status: RuntimeStatus = {
  kind: "host",
  proven: false,
  sentence:
    "There is no sandbox: commands run with all permissions of the server's user and with this machine's network.",
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
      const checked = await checkWorkspace(workspace, options);
      const ownHome = join(home, "home");
      const outputs = join(home, "outputs");
      await mkdir(ownHome, { recursive: true, mode: 0o700 });
      await mkdir(outputs, { recursive: true });
      const mark = `DECKHAND_CONVERSATION=${randomUUID()}`;
      const writable = [checked.path, await realpath(ownHome), await realpath("/tmp"), await realpath(tmpdir())];
      return new ShellRuntime({
        kind: "host",
        workspace: checked.path,
        outputFiles: outputFiles(outputs, outputs),
        openHost: processHostOpener(pipes, { hostPath: outputs, sandboxPath: outputs }, async () => ({
          argv: supervisorCommand(supervisorPath, writable, mark),
          feeds: [],
          env: environment(mark),
          cwd: "/",
          sandboxed: false,
          mark,
        })),
      });
    },
    runIsolated(program, maxBytes, signal) {
      const { argv, cwd, env } = program;
      const mark = `DECKHAND_ISOLATED=${randomUUID()}`;
      return runOnce(
        { argv, feeds: [], env: { ...environment(mark), ...env }, cwd, sandboxed: false, mark },
        program,
        maxBytes,
        signal,
      );
    },
  };
}
