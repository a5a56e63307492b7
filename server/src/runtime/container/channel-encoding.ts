/** Requests as any POSIX sh reads them: a call with quoted words a line, which channel.sh answers. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ChannelEncoding } from "../shell/process-channel.ts";

/** What a lane reads first. */
export const channelScript = readFileSync(join(import.meta.dirname, "channel.sh"), "utf8");

/** A shell reads ahead as it likes, so data is sent when the lane asks for it. */
export const shellEncoding: ChannelEncoding = {
  encode({ kind: request, cwd, fields }, nonce) {
    // A program's count of arguments, and whether data has a NUL, are for lanes that read fields.
    const needed = request === "program" ? fields.slice(1) : request === "write" ? fields.slice(0, 2) : fields;
    return `deckhand ${[request, nonce, cwd, ...needed].map(shellQuote).join(" ")}\n`;
  },
  waitsForGo: true,
};

/** As one word of a shell. */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
