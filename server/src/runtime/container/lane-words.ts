/** Requests as any POSIX sh reads them: a call with quoted words a line, which lane.sh answers. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { LaneWords } from "../box/lane.ts";

/** What a lane reads first. */
export const laneText = readFileSync(join(import.meta.dirname, "lane.sh"), "utf8");

/** A shell reads ahead as it likes, so data is sent when the lane asks for it. */
export const shellWords: LaneWords = {
  encode({ request, cwd, fields }, nonce) {
    // A program's count of arguments, and whether data has a NUL, are for lanes that read fields.
    const needed = request === "program" ? fields.slice(1) : request === "write" ? fields.slice(0, 2) : fields;
    return `deckhand ${[request, nonce, cwd, ...needed].map(quoted).join(" ")}\n`;
  },
  asksForData: true,
};

/** As one word of a shell. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
