import { styleText } from "node:util";
import type { Event } from "@deckhand/protocol";
import { subagentLine } from "./subagent-lines.ts";
import { eventLines } from "./event-lines.ts";
import type { Paint } from "./paint.ts";

export interface Printer {
  readonly event: (event: Event) => void;
  /** An event of a subagent. Ignored with `--json`, where each conversation has its own output. */
  readonly subagentEvent: (agent: string, event: Event) => void;
  /** A message of the command itself. With `--json` it goes to stderr. */
  readonly note: (text: string) => void;
}

/** `write` gets whole lines, so that a prompt can share the terminal. */
export function createPrinter(
  conversation: string,
  json: boolean,
  write: (text: string) => void = (text) => void process.stdout.write(text),
): Printer {
  if (json) {
    return {
      event: (event) => write(`${JSON.stringify({ conversation, ...event })}\n`),
      subagentEvent: () => {},
      note: (text) => void process.stderr.write(`${text}\n`),
    };
  }
  // styleText checks the stream (is it a terminal?), NO_COLOR and FORCE_COLOR.
  const paint: Paint = (style, text) => styleText(style, text, { stream: process.stdout });
  return {
    event: (event) => {
      const lines = eventLines(event, paint);
      if (lines.length > 0) write(`${lines.join("\n")}\n`);
    },
    subagentEvent: (agent, event) => {
      const line = subagentLine(agent, event, paint);
      if (line !== undefined) write(`${line}\n`);
    },
    note: (text) => write(`${paint("dim", text)}\n`),
  };
}
