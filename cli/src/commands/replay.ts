/** `deckhand replay`: re-runs a conversation from its log, as a test of everything but the model. */
import { createReadStream, existsSync } from "node:fs";
import { resolve } from "node:path";
import { replayFile, type Replay } from "@deckhand/server";
import { parseArguments, textOption } from "../arguments.ts";
import { exitCodes, UsageError, type ExitCode } from "../exit-codes.ts";
import { findServer } from "../find-server.ts";
import { stripControls } from "../print/strip-controls.ts";

const help = `Usage: deckhand replay [options] ID|FILE.jsonl

Re-run a conversation from its log in a temporary workspace: user messages and
model replies are taken from the log (no model is called), commands run again in
the sandbox without network. Prints where the result differs; times and
durations are not compared.

Options
  --workspace PATH   a folder to copy into the workspace (default: empty)
  --url URL          the server's address (default: HOST:PORT; token:
                     DECKHAND_TOKEN)
  --json             print one JSON object

Exit codes
  0  no differences
  1  differences, or the replay failed
  2  usage error
`;

export const replayCommand = { help, run };

const options = { url: { type: "string" }, workspace: { type: "string" }, json: { type: "boolean" } } as const;

async function run(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseArguments(args, options);
  const [what, ...more] = positionals;
  if (what === undefined || more.length > 0)
    throw new UsageError("replay takes the ID of one conversation, or a file.");
  const start = textOption(values["workspace"]);
  if (start !== undefined && !existsSync(start)) throw new UsageError(`Folder not found: ${start}`);
  const workspace = start === undefined ? undefined : resolve(start);
  const result = existsSync(what)
    ? await replayFile(process.env, { file: createReadStream(what), workspace })
    : await replayStored(what, textOption(values["url"]), workspace);
  if (values["json"] === true) process.stdout.write(`${JSON.stringify({ same: isSame(result), ...result })}\n`);
  else process.stdout.write(reportOf(result));
  return isSame(result) ? exitCodes.finished : exitCodes.failed;
}

async function replayStored(id: string, url: string | undefined, workspace: string | undefined): Promise<Replay> {
  await using server = await findServer(url, false);
  return await replayFile(process.env, { file: await server.client.export(id, "jsonl"), workspace });
}

function isSame({ differences }: Replay): boolean {
  return differences.length === 0;
}

/** Cells are truncated; `--json` prints all of it. */
const maxChars = 60;
const maxRows = 50;

function reportOf({ events, differences }: Replay): string {
  const [first] = differences;
  if (first === undefined) return `No differences in ${events.was} events.\n`;
  const rows = differences
    .slice(0, maxRows)
    .map(({ event, kind, field, was, is }) => [String(event), `${kind} ${field}`.trim(), cell(was, is), cell(is, was)]);
  const table = [["event", "what", "was", "is"], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => (row[column] ?? "").length)));
  const lines = table.map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  const omitted = differences.length - rows.length;
  return `First difference at event ${first.event} (${first.kind}).\n\n${lines.join("\n")}\n${omitted > 0 ? `… and ${omitted} more\n` : ""}`;
}

/** The text from shortly before the first difference from the other one. */
function cell(text: string | null, other: string | null): string {
  if (text === null) return "(none)";
  let same = 0;
  while (same < text.length && text[same] === other?.[same]) same += 1;
  const from = text.length <= maxChars ? 0 : Math.max(0, same - 20);
  const shown = text.slice(from, from + maxChars);
  return stripControls(
    `${from > 0 ? "…" : ""}${JSON.stringify(shown).slice(1, -1)}${from + maxChars < text.length ? "…" : ""}`,
  );
}
