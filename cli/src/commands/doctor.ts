/** `deckhand doctor`: verifies the sandbox and shows what a server here would use. */
import { diagnose } from "@deckhand/server";
import { parseArguments } from "../arguments.ts";
import { exitCodes, UsageError, type ExitCode } from "../exit-codes.ts";
import { stripControls } from "../print/strip-controls.ts";
import { tableLines } from "../print/table.ts";

const help = `Usage: deckhand doctor

Verify the sandbox: try to escape from it in every known way, and show each
attempt with the control that proves the attempt could have worked. Also shows
the model and the folders that a server here would use. No server is started.

Exits with 0 only if the sandbox is verified.
`;

export const doctorCommand = { help, run: doctor };

type Diagnosis = Awaited<ReturnType<typeof diagnose>>;

async function doctor(args: readonly string[]): Promise<ExitCode> {
  const { positionals } = parseArguments(args, {});
  if (positionals.length > 0) throw new UsageError(`doctor takes no argument "${positionals[0]}".`);
  const diagnosis = await diagnose(process.env);
  for (const line of report(diagnosis)) process.stdout.write(`${stripControls(line)}\n`);
  return diagnosis.sandbox.proven ? exitCodes.finished : exitCodes.failed;
}

function report({ config, sandbox, model }: Diagnosis): readonly string[] {
  const rows = sandbox.checks.map(({ group, name, held, control, controlled }) => [
    group,
    held ? "held" : controlled ? "LEAK" : "NOT TRIED",
    name,
    `${control}: ${controlled ? "yes" : "NO"}`,
  ]);
  return [
    ...(rows.length === 0 ? [] : [...tableLines(["group", "result", "attempt", "control"], rows), ""]),
    ...sandbox.untried.map(({ name, why }) => `Not tried: ${name}; ${why}.`),
    `Sandbox    ${sandbox.kind === "host" ? "none" : sandbox.kind}: ${sandbox.sentence}`,
    `Model      ${model.name}${model.demo ? " (scripted demo; set LLM_MODEL and LLM_API_KEY for a real model)" : ""}`,
    `Workspace  ${config.workspace.folder}`,
    `Data       ${config.server.home}`,
  ];
}
