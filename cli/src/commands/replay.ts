/** `deckhand replay`: a conversation once more from its log, as a test of everything but the model. */
import { createReadStream, existsSync } from "node:fs";
import { resolve } from "node:path";
import { replayFile, type Replay } from "@deckhand/server";
import { parseArguments, textOption } from "../arguments.ts";
import { exitCodes, UsageError, type ExitCode } from "../exit-codes.ts";
import { findServer } from "../find-server.ts";
import { stripControls } from "../print/strip-controls.ts";

const help = `Usage: deckhand replay [option…] ID|FILE.jsonl

Runs a conversation again, in a workspace of its own that is gone afterwards: what people said comes at its place, the
model says what it said (no model is asked), commands run anew in the sandbox, the network is not reached. Prints where
it differs: times and durations are not looked at.

  --workspace PATH   a folder whose copy is the workspace (default: an empty one)
  --url URL          the server (default: HOST:PORT; DECKHAND_TOKEN is its token, where it wants one)
  --json             print one JSON object

Exit code
  0 nothing differs · 1 something does, or it could not be run · 2 wrong usage
`;

export const replayCommand = { help, run };

const options = { url: { type: "string" }, workspace: { type: "string" }, json: { type: "boolean" } } as const;

async function run(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseArguments(args, options);
  const [what, ...more] = positionals;
  if (what === undefined || more.length > 0)
    throw new UsageError("replay takes the id of one conversation, or a file.");
  const start = textOption(values["workspace"]);
  if (start !== undefined && !existsSync(start)) throw new UsageError(`There is no folder ${start}.`);
  const workspace = start === undefined ? undefined : resolve(start);
  const played = existsSync(what)
    ? await replayFile(process.env, { file: createReadStream(what), workspace })
    : await replayStored(what, textOption(values["url"]), workspace);
  if (values["json"] === true) process.stdout.write(`${JSON.stringify({ same: isSame(played), ...played })}\n`);
  else process.stdout.write(told(played));
  return isSame(played) ? exitCodes.finished : exitCodes.failed;
}

async function replayStored(id: string, url: string | undefined, workspace: string | undefined): Promise<Replay> {
  await using server = await findServer(url, false);
  return await replayFile(process.env, { file: await server.client.export(id, "jsonl"), workspace });
}

function isSame({ differences }: Replay): boolean {
  return differences.length === 0;
}

/** A cell is short; `--json` has the whole. */
const mostChars = 60;
const mostRows = 50;

function told({ events, differences }: Replay): string {
  const [first] = differences;
  if (first === undefined) return `Nothing differs in ${events.was} events.\n`;
  const rows = differences
    .slice(0, mostRows)
    .map(({ event, kind, field, was, is }) => [String(event), `${kind} ${field}`.trim(), cell(was, is), cell(is, was)]);
  const table = [["event", "what", "was", "is"], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => (row[column] ?? "").length)));
  const lines = table.map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  const left = differences.length - rows.length;
  return `It differs first at event ${first.event} (${first.kind}).\n\n${lines.join("\n")}\n${left > 0 ? `and ${left} more\n` : ""}`;
}

/** From a little before where it differs from the other. */
function cell(text: string | null, other: string | null): string {
  if (text === null) return "(none)";
  let same = 0;
  while (same < text.length && text[same] === other?.[same]) same += 1;
  const from = text.length <= mostChars ? 0 : Math.max(0, same - 20);
  const shown = text.slice(from, from + mostChars);
  return stripControls(
    `${from > 0 ? "…" : ""}${JSON.stringify(shown).slice(1, -1)}${from + mostChars < text.length ? "…" : ""}`,
  );
}
