/**
 * The frames on the WebSocket of a terminal, `/api/conversations/ID/terminals/N`: JSON text frames with one key each.
 * For a slow reader nothing is queued; it later gets the current screen instead.
 */
import { z } from "zod";
import type { FramesOf } from "./frames.ts";

const side = (max: number) => z.int().min(1).max(max);
/** Rows and columns of a window. */
export const terminalSize = z.object({ rows: side(300), cols: side(500) });
export type TerminalSize = z.infer<typeof terminalSize>;

export const terminalClientFrames = {
  /** Text to type. */
  input: z
    .string()
    .min(1)
    .max(64 * 1024),
  /** The size of this client's window. The terminal takes the size of the client that typed last. */
  size: terminalSize,
};

export const terminalServerFrames = {
  /** The current screen with its scrollback, as output to write to a cleared terminal of this size. */
  screen: terminalSize.extend({ data: z.string() }),
  /** New output. */
  output: z.string(),
  /** The terminal was resized. */
  size: terminalSize,
  /** The number of clients watching, including this one. */
  watchers: z.int().min(1),
  /** The input was rejected: the program is not reading. */
  refused: z.string(),
  /** The last frame; the socket then closes with 1000. */
  ended: z.object({ exit_code: z.int() }),
};

export type TerminalClientFrame = FramesOf<typeof terminalClientFrames>;
export type TerminalServerFrame = FramesOf<typeof terminalServerFrames>;
