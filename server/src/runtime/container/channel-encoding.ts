/** Encodes channel requests for any POSIX sh: one call with quoted arguments per line, answered by channel.sh. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ChannelEncoding } from "../shell/process-channel.ts";

/**
 * The first process of a container or pod, which channel.sh checks for. It only waits and reaps orphans; signals from
 * inside do not reach it. `wait`, because a shell that runs just `sleep` does not reap processes that it did not start.
 */
export const idleCommand = ["sh", "-c", "while :; do sleep 86400 & wait; done", "deckhand-container"] as const;

/** The first thing that a channel reads. */
export const channelScript = readFileSync(join(import.meta.dirname, "channel.sh"), "utf8");

/** A shell may read ahead, so data is sent only when the channel asks for it. */
export const shellEncoding: ChannelEncoding = {
  encode({ kind, cwd, fields }, nonce) {
    // The number of arguments, and whether data contains a NUL, are only needed by channels that read fields.
    const needed = kind === "program" ? fields.slice(1) : kind === "write" ? fields.slice(0, 2) : fields;
    return `deckhand ${[kind, nonce, cwd, ...needed].map(shellQuote).join(" ")}\n`;
  },
  waitsForGo: true,
};

/** Quotes the text as one shell word. */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
