import { escapeInvisible } from "@deckhand/protocol";
import { eventArgument, parseArguments, soleArgument, textOption } from "../arguments.ts";
import { exitCodes, type ExitCode } from "../exit-codes.ts";
import { findServer } from "../find-server.ts";
import { changeLine, excludedNote, printablePath } from "../print/changed-files.ts";
import { stripControls } from "../print/strip-controls.ts";

const help = `Usage: deckhand diff [options] ID

Print what changed in the workspace since the conversation started, as a patch.

Options
  --url URL   the server's address (default: HOST:PORT; token: DECKHAND_TOKEN)
  --from N    compare with the workspace at event N
  --to N      up to event N (default: the current files)
  --stat      print file names only
`;

export const diffCommand = { help, run: diff };

const options = {
  url: { type: "string" },
  from: { type: "string" },
  to: { type: "string" },
  stat: { type: "boolean" },
} as const;

async function diff(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseArguments(args, options);
  const id = soleArgument(positionals, "diff takes the ID of one conversation.");
  const from = eventArgument("--from", textOption(values["from"]));
  const to = eventArgument("--to", textOption(values["to"]));
  const namesOnly = values["stat"] === true;
  await using server = await findServer(textOption(values["url"]), false);
  const range = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  const { files, changed_files: total, excluded } = await server.client.diff(id, range);
  for (const file of files) {
    if (namesOnly || file.patch === null) process.stdout.write(`${changeLine(file)}\n`);
    else process.stdout.write(stripControls(escapeInvisible(file.patch)));
    if (file.truncated && !namesOnly) process.stdout.write(`[patch of ${printablePath(file.path)} truncated]\n`);
  }
  if (total > files.length) process.stdout.write(`[${total - files.length} more files]\n`);
  const note = excludedNote(excluded);
  if (note !== undefined) process.stderr.write(`${note}\n`);
  return exitCodes.finished;
}
