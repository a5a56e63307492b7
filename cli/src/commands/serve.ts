import { setFlagsFromString } from "node:v8";
import { startServer, type Flags, type RunningServer } from "@deckhand/server";
import { listOption, parseArguments, textOption, type ParsedArguments } from "../arguments.ts";
import { exitCodes, UsageError, type ExitCode } from "../exit-codes.ts";
import { stripControls } from "../print/strip-controls.ts";

const help = `Usage: deckhand serve [options]

Start the server and its web UI. Ctrl-C stops it. Flags override environment
variables, which override saved settings.

Options
  --host ADDRESS     address to listen on (HOST; default 127.0.0.1)
  --port PORT        port to listen on, 0 for a free one (PORT; default 3000)
  --workspace PATH   the default workspace (WORKSPACE_BASE)
  --model NAME       the model (LLM_MODEL)
  --set NAME=VALUE   set any other option; may be repeated. "deckhand settings"
                     lists the names, docs/CONFIGURATION.md describes them.

Example
  deckhand serve --port 8080 --set approval.policy=always
`;

export const serveCommand = { help, run: serve };

const options = {
  host: { type: "string" },
  port: { type: "string" },
  workspace: { type: "string" },
  model: { type: "string" },
  set: { type: "string", multiple: true },
} as const;

/** Flags with a name of their own, and the options that they set. */
const namedFlags = {
  host: "server.host",
  port: "server.port",
  workspace: "workspace.folder",
  model: "model.name",
} as const;

async function serve(args: readonly string[]): Promise<ExitCode> {
  // Once the server is busy, V8 doubles the space for young objects up to 48 MB: with 200 readers most of its memory is
  // garbage that has not been collected yet. Following and appending are just as fast with the initial size.
  setFlagsFromString("--semi-space-growth-factor=1");
  const { values, positionals } = parseArguments(args, options);
  if (positionals.length > 0) throw new UsageError(`serve takes no argument "${positionals[0]}".`);
  const stopped = untilStopped();
  const server = await startServer(process.env, flagsOf(values));
  process.send?.({ url: server.url });
  await Promise.race([printSummary(server), stopped]);
  await stopped;
  exitIfStuck();
  await server.close();
  if (process.connected) process.disconnect();
  return exitCodes.finished;
}

/** Configuration flags, by the name of the option. */
function flagsOf(values: ParsedArguments["values"]): Flags {
  const flags: Record<string, { readonly flag: string; readonly text: string }> = {};
  for (const [name, option] of Object.entries(namedFlags)) {
    const text = textOption(values[name]);
    if (text !== undefined && text !== "") flags[option] = { flag: `--${name}`, text };
  }
  for (const assignment of listOption(values["set"])) {
    const [, name = "", text = ""] = /^([a-z_]+\.[a-z_]+)=(.+)$/s.exec(assignment) ?? [];
    if (name === "") throw new UsageError(`--set takes NAME=VALUE, such as limits.max_steps=50, not "${assignment}".`);
    flags[name] = { flag: `--set ${name}`, text };
  }
  return flags;
}

/** Prints the address at once, and the rest when it is known. */
async function printSummary(server: RunningServer): Promise<void> {
  const line = (name: string, text: string): boolean =>
    process.stdout.write(`${name.padEnd(10)} ${stripControls(text)}\n`);
  line("Deckhand", `listening on ${server.url}`);
  const { host, hosts } = server.config.server;
  // Only Linux on loopback can identify local clients; everything else needs the token.
  if (process.platform !== "linux" || !isLoopback(host) || hosts.length > 0)
    line("Link", `${server.link} (contains the token; keep it private)`);
  const [model, sandbox] = await Promise.all([server.model(), server.sandbox()]);
  line(
    "Model",
    model.demo ? `${model.name} (scripted demo; set LLM_MODEL and LLM_API_KEY for a real model)` : model.name,
  );
  line("Sandbox", `${sandbox.kind === "host" ? "none" : sandbox.kind}: ${sandbox.sentence}`);
  line("Workspace", server.config.workspace.folder);
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}

/** Stopping takes about a second; if it hangs, that is a bug, and the process must still end. */
function exitIfStuck(): void {
  setTimeout(() => {
    process.stderr.write("The server did not stop in time; exiting anyway.\n");
    process.exit(exitCodes.failed);
  }, 10_000).unref();
}

/**
 * Resolves on the first Ctrl-C or SIGTERM, or when the parent `deckhand run` is gone. A second signal exits at once.
 */
function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    let isStopping = false;
    const stop = (): void => {
      if (isStopping) process.exit(exitCodes.interrupted);
      isStopping = true;
      resolve();
    };
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
    process.once("disconnect", () => isStopping || stop());
  });
}
