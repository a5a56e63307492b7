/**
 * A socket that watches one terminal: first the screen, then what the program prints. A client that falls behind gets
 * nothing until it has read what was sent, and then the current screen, so a slow watcher costs one screen and no
 * queue.
 *
 *   drawing --screen sent--> live --backlog too large--> behind --backlog read--> drawing
 */
import { setTimeout as wait } from "node:timers/promises";
import { DeckhandError, terminalClientFrames, type TerminalServerFrame } from "@deckhand/protocol";
import type { ConversationsApi, TerminalAttachment, WatchedTerminal } from "../conversation/api.ts";
import { existingConversation } from "../wire/conversation-id.ts";
import { parseFrame } from "../wire/parse-frame.ts";
import type { Socket } from "./socket.ts";

/** A watcher with a larger backlog is behind. */
const maxBacklogBytes = 256 * 1024;
/** A screen is about 100 KB and takes milliseconds to serialize. */
const minDrawIntervalMs = 250;
const drainPollMs = 50;

const terminalPath = /^\/api\/conversations\/([^/]+)\/terminals\/([^/]+)$/;

/** The terminal at this URL; undefined for other paths. Fails with `unknown_conversation`, `unknown_path`. */
export async function findTerminal(url: string, conversations: ConversationsApi): Promise<WatchedTerminal | undefined> {
  const [, id, terminalId] = terminalPath.exec(url.split("?", 1)[0] ?? "") ?? [];
  if (id === undefined || terminalId === undefined) return undefined;
  const { terminals } = await existingConversation(conversations, decodeURIComponent(id));
  const terminal = await terminals.find(terminalId);
  if (terminal === undefined) throw new DeckhandError("unknown_path", "No such terminal. It may have been closed.");
  return terminal;
}

export interface TerminalSession {
  open(socket: Socket): void;
  frame(text: string | undefined): Promise<void>;
}

export function createTerminalSession(terminal: WatchedTerminal): TerminalSession {
  let socket: Socket;
  let attachment: TerminalAttachment;
  let state: "drawing" | "live" | "behind" = "drawing";
  /** Frames that arrived while the screen was being serialized. */
  let pending: TerminalServerFrame[] = [];
  let pendingChars = 0;
  let lastDrawnAt = -Infinity;
  let drawing = Promise.resolve();

  function open(opened: Socket): void {
    socket = opened;
    attachment = terminal.watch({
      onOutput: (text) => send({ output: text }, text.length),
      onResize: ({ rows, columns }) => send({ size: { rows, cols: columns } }, 0),
      watchers: (count) => post({ watchers: count }),
      onEnd: (exitCode) => void end(exitCode),
    });
    socket.closed.addEventListener("abort", () => attachment.detach(), { once: true });
    drawing = draw();
  }

  async function frame(text: string | undefined): Promise<void> {
    try {
      const object = parseFrame(text);
      const input = terminalClientFrames.input.safeParse(object["input"]);
      const size = terminalClientFrames.size.safeParse(object["size"]);
      if (size.success) return attachment.resize(size.data);
      if (!input.success) throw new DeckhandError("bad_frame", "A terminal frame needs `input` or `size`.");
      if (!attachment.type(input.data)) post({ refused: "The program has not read the previous input yet." });
    } catch (error) {
      const { message } = error instanceof DeckhandError ? error : new DeckhandError("internal");
      post({ refused: message });
    }
  }

  function send(message: TerminalServerFrame, chars: number): void {
    if (state === "live" && socket.backlogBytes < maxBacklogBytes) return post(message);
    if (state === "live") {
      state = "behind";
      drawing = draw();
    } else if (state === "drawing") {
      pending.push(message);
      pendingChars += chars;
    }
  }

  async function draw(): Promise<void> {
    const waitMs = lastDrawnAt + minDrawIntervalMs - performance.now();
    if (waitMs > 0) await wait(waitMs);
    // A client that reads nothing at all is closed by its socket.
    while (socket.backlogBytes > maxBacklogBytes / 4 && !socket.closed.aborted) await wait(drainPollMs);
    if (socket.closed.aborted) return;
    state = "drawing";
    pending = [];
    pendingChars = 0;
    const { data, rows, columns } = await attachment.picture();
    lastDrawnAt = performance.now();
    if (socket.closed.aborted) return;
    // Meanwhile more was printed than another screen costs.
    if (pendingChars > maxBacklogBytes) return draw();
    post({ screen: { data, rows, cols: columns } });
    for (const message of pending) post(message);
    pending = [];
    state = "live";
  }

  async function end(exitCode: number): Promise<void> {
    // A client that is behind still gets the final screen.
    await drawing;
    post({ ended: { exit_code: exitCode } });
    socket.close(1000);
  }

  function post(message: TerminalServerFrame): void {
    socket.post(JSON.stringify(message));
  }

  return { open, frame };
}
