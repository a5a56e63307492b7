import { setFlagsFromString } from "node:v8";
import { startServer, type RunningServer } from "@deckhand/server";
import { parseArguments, textOption } from "../arguments.ts";
import { exitCodes, UsageError, type ExitCode } from "../exit-codes.ts";
import { stripControls } from "../print/strip-controls.ts";

const help = `Usage: deckhand serve [option…]

Starts the server and its web page; Ctrl-C stops it. The options win over the environment (README.md has all of it).

  --host ADDRESS     address to listen on (HOST; 127.0.0.1)
  --port PORT        port to listen on, 0 for a free one (PORT; 3000)
  --workspace PATH   the default workspace (WORKSPACE_BASE)
  --model NAME       the model (LLM_MODEL)
`;

export const serveCommand = { help, run: serve };

const options = {
  host: { type: "string" },
  port: { type: "string" },
  workspace: { type: "string" },
  model: { type: "string" },
} as const;

async function serve(args: readonly string[]): Promise<ExitCode> {
  // V8 doubles the space of young objects up to 48 MB once a server is busy: with 200 readers most of its memory is garbage
  // that nobody has collected yet. Left at its first size, following and appending are as fast as before.
  setFlagsFromString("--semi-space-growth-factor=1");
  const { values, positionals } = parseArguments(args, options);
  if (positionals.length > 0) throw new UsageError(`serve takes no "${positionals[0]}".`);
  const given = {
    HOST: textOption(values["host"]),
    PORT: textOption(values["port"]),
    WORKSPACE_BASE: textOption(values["workspace"]),
    LLM_MODEL: textOption(values["model"]),
  };
  const stopped = untilStopped();
  const server = await startServer({ ...process.env, ...definedOf(given) });
  process.send?.({ url: server.url });
  await Promise.race([tell(server), stopped]);
  await stopped;
  endInTime();
  await server.close();
  if (process.connected) process.disconnect();
  return exitCodes.finished;
}

/** The address at once; the rest when it is known. */
async function tell(server: RunningServer): Promise<void> {
  const line = (name: string, text: string): boolean =>
    process.stdout.write(`${name.padEnd(10)} ${stripControls(text)}\n`);
  line("Deckhand", `listening on ${server.url}`);
  const { host, hosts } = server.config.server;
  // On loopback Linux tells who asks; elsewhere, and from elsewhere, it takes the token.
  if (process.platform !== "linux" || !isLoopback(host) || hosts.length > 0)
    line("Link", `${server.link} (with the token: for your browser only)`);
  const [model, sandbox] = await Promise.all([server.model(), server.sandbox()]);
  line("Model", model.demo ? `${model.name} (scripted; set LLM_MODEL and LLM_API_KEY for a real one)` : model.name);
  line("Sandbox", `${sandbox.kind === "host" ? "none" : sandbox.kind}: ${sandbox.sentence}`);
  line("Workspace", server.config.workspace.folder);
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}

/** What does not end in time (it takes about a second) is a mistake of ours, and no reason to stay. */
function endInTime(): void {
  setTimeout(() => {
    process.stderr.write("The server did not stop in time and was ended.\n");
    process.exit(exitCodes.failed);
  }, 10_000).unref();
}

/** Resolves on the first Ctrl-C or SIGTERM, or when the `run` that started us is gone; the second one ends at once. */
function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    const stop = (): void => {
      if (asked) process.exit(exitCodes.interrupted);
      asked = true;
      resolve();
    };
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
    process.once("disconnect", () => asked || stop());
  });
}

function definedOf(values: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
