/**
 * What is spoken on a terminal's own WebSocket, `/api/conversations/ID/terminals/N`: JSON text frames, one key each. Whoever reads too
 * slowly gets no queue but, later, the screen as it then is.
 */
import { z } from "zod";

const side = (most: number) => z.int().min(1).max(most);
/** Rows and columns of a window. */
export const terminalSize = z.object({ rows: side(300), cols: side(500) });
export type TerminalSize = z.infer<typeof terminalSize>;

export const terminalClientFrames = {
  /** What was typed. */
  input: z
    .string()
    .min(1)
    .max(64 * 1024),
  /** Of this watcher's own window; who typed last decides for all. */
  size: terminalSize,
};

export const terminalServerFrames = {
  /** Instead of all that was shown before: what an empty terminal of that size has to be given to show the same, with what has scrolled away. */
  screen: terminalSize.extend({ data: z.string() }),
  /** What was printed since. */
  output: z.string(),
  /** The terminal's size is another. */
  size: terminalSize,
  /** How many watch it, this one included. */
  watchers: z.int().min(1),
  /** What was typed is not taken: the program does not read. */
  refused: z.string(),
  /** The last frame; then 1000. */
  ended: z.object({ exit_code: z.int() }),
};

type Frames<S extends Record<string, z.ZodType>> = { [K in keyof S]: { [P in K]: z.infer<S[K]> } }[keyof S];
export type TerminalClientFrame = Frames<typeof terminalClientFrames>;
export type TerminalServerFrame = Frames<typeof terminalServerFrames>;
