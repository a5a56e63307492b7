import type { Client } from "@deckhand/client";
import type { ExcludedFiles } from "@deckhand/protocol";
import { eventArgument, parseArguments, textOption } from "../arguments.ts";
import { exitCodes, UsageError, type ExitCode } from "../exit-codes.ts";
import { findServer } from "../find-server.ts";
import { changeLine, excludedNote } from "../print/changed-files.ts";
import { stripControls } from "../print/strip-controls.ts";

const help = `Usage: deckhand restore [options] ID EVENT

Restore the workspace to what it was at an event. The current files are kept as
a checkpoint, so a restore can be undone by another one.

Options
  --url URL   the server's address (default: HOST:PORT; token: DECKHAND_TOKEN)
  --preview   only show what would change
  --force     also revert changes made outside the agent's turns since then
`;

export const restoreCommand = { help, run: restore };

const options = { url: { type: "string" }, preview: { type: "boolean" }, force: { type: "boolean" } } as const;

async function restore(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseArguments(args, options);
  const [id, event, ...more] = positionals;
  const at = eventArgument("restore", event);
  if (id === undefined || at === undefined || more.length > 0) {
    throw new UsageError("restore takes the ID of one conversation and the number of an event.");
  }
  await using server = await findServer(textOption(values["url"]), false);
  if (values["preview"] === true) await preview(server.client, id, at);
  else {
    const { content, extras, cause } = await server.client.restore(id, at, values["force"] === true);
    print(stripControls(content));
    if (extras.changed_files > 0) print(`To undo this: deckhand restore ${id} ${cause}`);
    printExcluded(extras.excluded);
  }
  return exitCodes.finished;
}

async function preview(client: Client, id: string, at: number): Promise<void> {
  const { files, changed_files: total, changed_since, excluded } = await client.previewRestore(id, at);
  const changedOutside = new Set(changed_since);
  for (const file of files) {
    print(`${changeLine(file)}${changedOutside.has(file.path) ? "  (changed outside the agent's turns)" : ""}`);
  }
  if (total > files.length) print(`[${total - files.length} more files]`);
  printExcluded(excluded);
}

function printExcluded(excluded: ExcludedFiles): void {
  const note = excludedNote(excluded);
  if (note !== undefined) process.stderr.write(`${note}\n`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
