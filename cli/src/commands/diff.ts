/** `deckhand diff` and `restore`: what the workspace of a conversation was. */
import { escapeInvisible, type FileChange, type ExcludedFiles } from "@deckhand/protocol";
import { parseArguments, textOption } from "../arguments.ts";
import { exitCodes, UsageError, type ExitCode } from "../exit-codes.ts";
import { findServer } from "../find-server.ts";
import { stripControls } from "../print/strip-controls.ts";

const url = "  --url URL   the server (default: HOST:PORT; DECKHAND_TOKEN is its token, where it wants one)\n";

export const diffCommand = {
  help: `Usage: deckhand diff [option…] CONVERSATION

Prints what changed in the workspace since the conversation began to work, as a patch.

${url}  --from N    since it was as at event N
  --to N      until it was as at event N (default: as it is now)
  --stat      only the names
`,
  run: diff,
};

export const restoreCommand = {
  help: `Usage: deckhand restore [option…] CONVERSATION EVENT

Brings the workspace back to what it was at an event. What it is now is kept: it can be restored in its turn.

${url}  --preview   only say what would change
  --force     also take back what was changed outside the agent's turns since
`,
  run: restore,
};

const marks = { added: "A", modified: "M", deleted: "D", renamed: "R", type_changed: "T" } as const;

async function diff(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseArguments(args, {
    url: { type: "string" },
    from: { type: "string" },
    to: { type: "string" },
    stat: { type: "boolean" },
  });
  const [id, ...more] = positionals;
  if (id === undefined || more.length > 0) throw new UsageError("diff takes the id of one conversation.");
  const [from, to] = (["from", "to"] as const).map((name) => eventOf(`--${name}`, textOption(values[name])));
  const range = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  await using server = await findServer(textOption(values["url"]), false);
  const { files, changed_files, excluded } = await server.client.diff(id, range);
  for (const file of files) {
    if (values["stat"] === true || file.patch === null) print(lineOf(file));
    else process.stdout.write(stripControls(escapeInvisible(file.patch)));
    if (file.truncated && values["stat"] !== true) print(`[the patch of ${nameOf(file.path)} is cut here]`);
  }
  if (changed_files > files.length) print(`[and ${changed_files - files.length} more files]`);
  sayLeftOut(excluded);
  return exitCodes.finished;
}

async function restore(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseArguments(args, {
    url: { type: "string" },
    preview: { type: "boolean" },
    force: { type: "boolean" },
  });
  const [id, event, ...more] = positionals;
  const at = eventOf("restore", event);
  if (id === undefined || at === undefined || more.length > 0) {
    throw new UsageError("restore takes the id of one conversation and the number of an event.");
  }
  await using server = await findServer(textOption(values["url"]), false);
  if (values["preview"] === true) {
    const { files, changed_files, changed_since, excluded } = await server.client.previewRestore(id, at);
    const others = new Set(changed_since);
    for (const file of files)
      print(`${lineOf(file)}${others.has(file.path) ? "  (changed outside the agent's turns)" : ""}`);
    if (changed_files > files.length) print(`[and ${changed_files - files.length} more files]`);
    sayLeftOut(excluded);
    return exitCodes.finished;
  }
  const { content, extras, cause } = await server.client.restore(id, at, values["force"] === true);
  print(stripControls(content));
  if (extras.changed_files > 0) print(`To take this back: deckhand restore ${id} ${cause}`);
  sayLeftOut(extras.excluded);
  return exitCodes.finished;
}

function eventOf(name: string, typed: string | undefined): number | undefined {
  if (typed !== undefined && !/^\d{1,15}$/.test(typed)) throw new UsageError(`${name} takes the number of an event.`);
  return typed === undefined ? undefined : Number(typed);
}

function lineOf({ status, path, old_path: old, binary }: FileChange): string {
  return `${marks[status]} ${old === undefined ? "" : `${nameOf(old)} -> `}${nameOf(path)}${binary ? " (binary)" : ""}`;
}

function nameOf(path: string): string {
  return escapeInvisible(path).replaceAll("\n", "⟨U+000A⟩");
}

function sayLeftOut({ ignored, large, unreadable }: ExcludedFiles): void {
  const parts = [
    ...(ignored > 0 ? [`${ignored} ignored`] : []),
    ...(large > 0 ? [`${large} over 20 MiB`] : []),
    ...(unreadable > 0 ? [`${unreadable} that cannot be read`] : []),
  ];
  if (parts.length > 0) process.stderr.write(`Not looked at: ${parts.join(", ")}.\n`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
