import { pipeline } from "node:stream/promises";
import type { ExportFormat } from "@deckhand/client";
import { parseArguments, soleArgument, textOption } from "../arguments.ts";
import { exitCodes, UsageError, type ExitCode } from "../exit-codes.ts";
import { findServer } from "../find-server.ts";

const help = `Usage: deckhand export [options] ID > FILE

Print a conversation.

Options
  --url URL         the server's address (default: HOST:PORT; token:
                    DECKHAND_TOKEN)
  --format FORMAT   jsonl (default; can be imported), markdown or html
`;

export const exportCommand = { help, run: exportConversation };

const formats: readonly ExportFormat[] = ["jsonl", "markdown", "html"];

async function exportConversation(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseArguments(args, { url: { type: "string" }, format: { type: "string" } });
  const id = soleArgument(positionals, "export takes the ID of one conversation.");
  const format = formats.find((each) => each === (values["format"] ?? "jsonl"));
  if (format === undefined) throw new UsageError(`--format takes one of ${formats.join(", ")}.`);
  await using server = await findServer(textOption(values["url"]), false);
  await pipeline(await server.client.export(id, format), process.stdout, { end: false });
  return exitCodes.finished;
}
