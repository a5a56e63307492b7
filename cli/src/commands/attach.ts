import { createInterface, type Interface } from "node:readline";
import type { Client } from "@deckhand/client";
import { apply, DeckhandError, emptyState, type ConversationState } from "@deckhand/protocol";
import { answerHint, parseTypedLine } from "../follow/typed-line.ts";
import { parseArguments, textOption } from "../arguments.ts";
import { followSubagents } from "../follow/subagents.ts";
import { exitCodes, UsageError, type ExitCode } from "../exit-codes.ts";
import { findServer } from "../find-server.ts";
import { createPrinter } from "../print/printer.ts";

const help = `Usage: deckhand attach [options] ID

Follow a conversation from its beginning. At a terminal, what you type is sent
to the agent as a message, except for these commands:

  /allow             approve the pending action
  /always            approve it, and similar ones in this conversation
  /everywhere        approve it, and similar ones in all conversations
  /deny [REASON]     deny it
  /allow-host HOST   let commands reach a host

Ctrl-C detaches; the work goes on.

Options
  --url URL   the server's address (default: HOST:PORT; token: DECKHAND_TOKEN)
  --json      print events as JSON, one per line
`;

export const attachCommand = { help, run: attach };

async function attach(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseArguments(args, { url: { type: "string" }, json: { type: "boolean" } });
  const [id, ...more] = positionals;
  if (id === undefined || more.length > 0) throw new UsageError("attach takes the ID of one conversation.");
  await using server = await findServer(textOption(values["url"]), false);
  const { client } = server;

  const detached = new AbortController();
  const end = (): void => detached.abort();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, end);
  let state = emptyState;
  let caughtUp = false;
  const atTerminal = process.stdin.isTTY && process.stdout.isTTY;
  const prompt = atTerminal ? openPrompt(client, id, () => state.awaiting, end) : undefined;
  const printer = createPrinter(id, values["json"] === true, prompt?.write);
  const followIfSubagent = followSubagents(client, printer.subagentEvent, detached.signal);
  const stopWatching = client.onStatus(() => {
    if (client.status.state === "waiting") printer.note(`${client.status.why} Retrying.`);
  });
  try {
    for await (const item of client.follow(id, { signal: detached.signal })) {
      if (item.type === "event") {
        printer.event(item.event);
        // Subagents of the replayed past can be read in their own conversations.
        if (caughtUp) followIfSubagent(item.event);
        state = apply(state, item.event);
      } else caughtUp = true;
      const needsAnswer = item.type === "caught_up" || state.awaiting?.id === state.head;
      if (prompt !== undefined && caughtUp && needsAnswer && state.awaiting !== null)
        printer.note(answerHint(state.awaiting));
    }
    return exitCodes.finished;
  } catch (error) {
    if (!(error instanceof DeckhandError) || error.code !== "unknown_conversation") throw error;
    throw new Error(`No conversation ${id} on ${server.url}. Its web UI lists the existing ones.`, {
      cause: error,
    });
  } finally {
    stopWatching();
    prompt?.lines.close();
  }
}

interface Prompt {
  readonly lines: Interface;
  /** Prints above the line being typed. */
  readonly write: (text: string) => void;
}

function openPrompt(
  client: Client,
  id: string,
  awaiting: () => ConversationState["awaiting"],
  end: () => void,
): Prompt {
  const lines = createInterface({ input: process.stdin, output: process.stdout, prompt: "> " });
  const write = (text: string): void => {
    process.stdout.write(`\r\u001B[K${text}`);
    lines.prompt(true);
  };
  lines.on("SIGINT", end).on("close", end);
  lines.on("line", (line) => {
    // Once stored, the line comes back as an event.
    if (line.trim() !== "") process.stdout.write("\u001B[1A\u001B[2K");
    lines.prompt();
    if (line.trim() === "") return;
    const failed = (error: Error): void => write(`${error.message}\n`);
    const input = parseTypedLine(line, awaiting());
    switch (input.type) {
      case "nothing":
        return write(`${input.message}\n`);
      case "answer":
        return void client.send(id, "approve", input.args).catch(failed);
      case "allow_host":
        return void client.send(id, "allow_host", { host: input.host, allowed: true }).catch(failed);
      case "message":
        return void client.send(id, "message", { content: input.content }).catch(failed);
    }
  });
  return { lines, write };
}
