import { styleText } from "node:util";
import type { Event } from "@deckhand/protocol";
import { subagentLine } from "./subagent-lines.ts";
import { eventLines, type Paint } from "./event-lines.ts";

export interface Printer {
  readonly event: (event: Event) => void;
  /** What a child did; nothing with `--json`, where its own conversation tells it. */
  readonly subagentEvent: (agent: string, event: Event) => void;
  /** What this program says itself; never mixed into the events of `--json`. */
  readonly say: (text: string) => void;
}

/** `write` takes whole lines, where something else (a prompt) is on the terminal too. */
export function createPrinter(
  conversation: string,
  json: boolean,
  write: (text: string) => void = (text) => void process.stdout.write(text),
): Printer {
  if (json) {
    return {
      event: (event) => write(`${JSON.stringify({ conversation, ...event })}\n`),
      subagentEvent: () => {},
      say: (text) => void process.stderr.write(`${text}\n`),
    };
  }
  // styleText looks at the stream itself: a terminal, NO_COLOR, FORCE_COLOR.
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
    say: (text) => write(`${paint("dim", text)}\n`),
  };
}
