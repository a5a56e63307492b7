/** `deckhand doctor`: the proof of the sandbox, made now, and what a server here would have. */
import { diagnose } from "@deckhand/server";
import { parseArguments } from "../arguments.ts";
import { exitCodes, UsageError, type ExitCode } from "../exit-codes.ts";
import { stripControls } from "../print/strip-controls.ts";

const help = `Usage: deckhand doctor

Tries to get out of the sandbox in every way that it knows, from inside, and shows what was tried, and what had to work beside it
for the attempt to mean anything. Also shows the model and the folders that a server would have. No server is started.

Ends with 0 only where the sandbox is proven.
`;

export const doctorCommand = { help, run: doctor };

type Examined = Awaited<ReturnType<typeof diagnose>>;

async function doctor(args: readonly string[]): Promise<ExitCode> {
  const { positionals } = parseArguments(args, {});
  if (positionals.length > 0) throw new UsageError(`doctor takes no "${positionals[0]}".`);
  const examined = await diagnose(process.env);
  for (const line of report(examined)) process.stdout.write(`${stripControls(line)}\n`);
  return examined.sandbox.proven ? exitCodes.finished : exitCodes.failed;
}

function report({ config, sandbox, model }: Examined): string[] {
  const rows = sandbox.checks.map(({ group, name, held, control, controlled }) => [
    group,
    held ? "held" : controlled ? "LEAK" : "NOT TRIED",
    name,
    `${control}: ${controlled ? "yes" : "NO"}`,
  ]);
  const head = ["group", "result", "attempt", "control"];
  const widths = head.map((title, at) => Math.max(title.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join("  ")
      .trimEnd();
  return [
    ...(rows.length === 0 ? [] : [line(head), ...rows.map(line), ""]),
    ...sandbox.untried.map(({ name, why }) => `Not tried: ${name}; ${why}.`),
    `Sandbox    ${sandbox.kind === "host" ? "none" : sandbox.kind}: ${sandbox.sentence}`,
    `Model      ${model.name}${model.demo ? " (scripted; set LLM_MODEL and LLM_API_KEY for a real one)" : ""}`,
    `Workspace  ${config.workspace.folder}`,
    `Data       ${config.server.home}`,
  ];
}
