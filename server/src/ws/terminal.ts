/**
 * A socket that watches one terminal: first the screen, then what is printed. One that is behind is told nothing until it has read what
 * it got, and then the screen as it is: a slow watcher costs a picture, not a queue.
 *
 *   drawing --picture is there--> live --too much waits to be read--> behind --it is read--> drawing
 */
import { setTimeout as wait } from "node:timers/promises";
import { DeckhandError, terminalClientFrames, type TerminalServerFrame } from "@deckhand/protocol";
import type { TerminalSeat, WatchedTerminal } from "../conversation/api.ts";
import { parseFrame } from "../wire/parse-frame.ts";
import type { Socket } from "./socket.ts";

/** Above this a watcher is behind. */
const roomBytes = 256 * 1024;
/** A picture is some 100 KB, and takes milliseconds to make. */
const drawEveryMs = 250;
const drainMs = 50;

export interface TerminalSession {
  open(socket: Socket): void;
  frame(text: string | undefined): Promise<void>;
}

export function createTerminalSession(terminal: WatchedTerminal): TerminalSession {
  let socket: Socket;
  let seat: TerminalSeat;
  let state: "drawing" | "live" | "behind" = "drawing";
  /** What came while the picture was made. */
  let since: TerminalServerFrame[] = [];
  let sinceChars = 0;
  let drawnAt = -Infinity;
  let drawn = Promise.resolve();

  function open(opened: Socket): void {
    socket = opened;
    seat = terminal.watch({
      output: (text) => tell({ output: text }, text.length),
      resized: ({ rows, columns }) => tell({ size: { rows, cols: columns } }, 0),
      watchers: (count) => post({ watchers: count }),
      ended: (exitCode) => void end(exitCode),
    });
    socket.closed.addEventListener("abort", () => seat.detach(), { once: true });
    drawn = draw();
  }

  async function frame(text: string | undefined): Promise<void> {
    try {
      const given = parseFrame(text);
      const input = terminalClientFrames.input.safeParse(given["input"]);
      const size = terminalClientFrames.size.safeParse(given["size"]);
      if (size.success) return seat.resize(size.data);
      if (!input.success) throw new DeckhandError("bad_frame", "A frame has `input` or `size`.");
      if (!seat.type(input.data)) post({ refused: "The program does not read what was typed before." });
    } catch (error) {
      const { message } = error instanceof DeckhandError ? error : new DeckhandError("internal");
      post({ refused: message });
    }
  }

  function tell(message: TerminalServerFrame, chars: number): void {
    if (state === "live" && socket.backlogBytes < roomBytes) return post(message);
    if (state === "live") {
      state = "behind";
      drawn = draw();
    } else if (state === "drawing") {
      since.push(message);
      sinceChars += chars;
    }
  }

  async function draw(): Promise<void> {
    const waitMs = drawnAt + drawEveryMs - performance.now();
    if (waitMs > 0) await wait(waitMs);
    // One that reads nothing at all is closed by its socket.
    while (socket.backlogBytes > roomBytes / 4 && !socket.closed.aborted) await wait(drainMs);
    if (socket.closed.aborted) return;
    state = "drawing";
    since = [];
    sinceChars = 0;
    const { data, rows, columns } = await seat.picture();
    drawnAt = performance.now();
    if (socket.closed.aborted) return;
    // Meanwhile it has printed more than is worth sending.
    if (sinceChars > roomBytes) return draw();
    post({ screen: { data, rows, cols: columns } });
    for (const message of since) post(message);
    since = [];
    state = "live";
  }

  async function end(exitCode: number): Promise<void> {
    // Its last words, also for one that was behind.
    await drawn;
    post({ ended: { exit_code: exitCode } });
    socket.close(1000);
  }

  function post(message: TerminalServerFrame): void {
    socket.post(JSON.stringify(message));
  }

  return { open, frame };
}
