import { createInterface, type Interface } from "node:readline";
import type { Client } from "@deckhand/client";
import { apply, DeckhandError, emptyState, type ConversationState } from "@deckhand/protocol";
import { answerHint, parseTypedLine } from "../follow/typed-line.ts";
import { parseArguments, textOption } from "../arguments.ts";
import { followSubagents } from "../follow/subagents.ts";
import { exitCodes, UsageError, type ExitCode } from "../exit-codes.ts";
import { findServer } from "../find-server.ts";
import { createPrinter } from "../print/printer.ts";

const help = `Usage: deckhand attach [option…] ID

Follows a conversation from its beginning. At a terminal, a line that is typed is a message to the agent; /allow, /always
(in this conversation), /everywhere (in all) and /deny REASON answer for the action that waits for an approval,
/allow-host HOST lets commands reach a host. Ctrl-C ends this, not the work.

  --url URL   the server (default: HOST:PORT; DECKHAND_TOKEN is its token, where it wants one)
  --json      print the events, one JSON object a line
`;

export const attachCommand = { help, run: attach };

async function attach(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseArguments(args, { url: { type: "string" }, json: { type: "boolean" } });
  const [id, ...more] = positionals;
  if (id === undefined || more.length > 0) throw new UsageError("attach takes the id of one conversation.");
  await using server = await findServer(textOption(values["url"]), false);
  const { client } = server;

  const over = new AbortController();
  const end = (): void => over.abort();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, end);
  let state = emptyState;
  let caughtUp = false;
  const atTerminal = process.stdin.isTTY && process.stdout.isTTY;
  const prompt = atTerminal ? openPrompt(client, id, () => state.awaiting, end) : undefined;
  const printer = createPrinter(id, values["json"] === true, prompt?.write);
  const seeChildren = followSubagents(client, printer.subagentEvent, over.signal);
  const stopWatching = client.onStatus(() => {
    if (client.status.state === "waiting") printer.say(`${client.status.why} Trying again.`);
  });
  try {
    for await (const item of client.follow(id, { signal: over.signal })) {
      if (item.type === "event") {
        printer.event(item.event);
        // Those of the past have conversations of their own to read.
        if (caughtUp) seeChildren(item.event);
        state = apply(state, item.event);
      } else caughtUp = true;
      const asks = item.type === "caught_up" || state.awaiting?.id === state.head;
      if (prompt !== undefined && caughtUp && asks && state.awaiting !== null) printer.say(answerHint(state.awaiting));
    }
    return exitCodes.finished;
  } catch (error) {
    if (!(error instanceof DeckhandError) || error.code !== "unknown_conversation") throw error;
    throw new Error(`There is no conversation ${id} on ${server.url}; its page lists those that are there.`, {
      cause: error,
    });
  } finally {
    stopWatching();
    prompt?.lines.close();
  }
}

interface Prompt {
  readonly lines: Interface;
  /** Prints above the line that is being typed. */
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
    // The line comes back as an event, when it is stored.
    if (line.trim() !== "") process.stdout.write("\u001B[1A\u001B[2K");
    lines.prompt();
    if (line.trim() === "") return;
    const failed = (error: Error): void => write(`${error.message}\n`);
    const meant = parseTypedLine(line, awaiting());
    switch (meant.type) {
      case "nothing":
        return write(`${meant.say}\n`);
      case "answer":
        return void client.send(id, "approve", meant.args).catch(failed);
      case "allow_host":
        return void client.send(id, "allow_host", { host: meant.host, allowed: true }).catch(failed);
      case "message":
        return void client.send(id, "message", { content: meant.content }).catch(failed);
    }
  });
  return { lines, write };
}
