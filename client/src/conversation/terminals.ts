/**
 * A terminal of a conversation, watched over a socket of its own that comes back by itself: after each break the server sends the screen
 * as it then is, so nothing has to be remembered here but what was typed and has not gone out.
 */
import type { TerminalClientFrame, TerminalServerFrame, TerminalSize } from "@deckhand/protocol";
import { retryDelayMs, type RetryOptions } from "../socket/backoff.ts";
import { onWake } from "../socket/wake.ts";

export interface TerminalWatcher {
  /** Instead of all before: for an empty terminal of that size. */
  onScreen(picture: TerminalSize & { readonly data: string }): void;
  onOutput(text: string): void;
  onResize(size: TerminalSize): void;
  onWatchers(count: number): void;
  /** What was typed was not taken. */
  onRefused(why: string): void;
  /** There is a connection, or there is none and it is being tried. */
  onConnected(is: boolean): void;
  /** The last call; -1: nobody knows. */
  onEnd(exitCode: number): void;
}

export interface TerminalConnection {
  type(text: string): void;
  /** What this watcher can show. */
  resize(size: TerminalSize): void;
  close(): void;
}

export interface Terminals {
  /** Resolves with its id. Fails with `not_available` where there are none, `conflict` where too many are open. */
  open(conversation: string, size: TerminalSize, signal?: AbortSignal): Promise<string>;
  close(conversation: string, terminal: string, signal?: AbortSignal): Promise<void>;
  watch(conversation: string, terminal: string, watcher: TerminalWatcher): TerminalConnection;
}

/** Of one frame; the server takes 64 Ki characters. */
const maxFrameChars = 32 * 1024;
/** A paste goes out in pieces, at half the rate that the server takes. */
const sendEveryMs = 10;

export function watchTerminal(
  open: () => WebSocket,
  watcher: TerminalWatcher,
  retry: RetryOptions,
): TerminalConnection {
  let socket: WebSocket | undefined;
  let typed = "";
  let size: TerminalSize | undefined;
  let attempt = 0;
  let isOver = false;
  let sending: ReturnType<typeof setTimeout> | undefined;
  let waiting: ReturnType<typeof setTimeout> | undefined;
  const stopWake = onWake(() => {
    if (waiting !== undefined) connect();
  });

  function connect(): void {
    clearTimeout(waiting);
    waiting = undefined;
    const fresh = open();
    socket = fresh;
    fresh.addEventListener("open", () => {
      watcher.onConnected(true);
      if (size !== undefined) send({ size });
      flush();
    });
    fresh.addEventListener("message", ({ data }) => {
      attempt = 0;
      receive(JSON.parse(String(data)) as TerminalServerFrame);
    });
    fresh.addEventListener("close", () => {
      if (isOver || socket !== fresh) return;
      watcher.onConnected(false);
      waiting = setTimeout(connect, retryDelayMs(attempt, retry));
      attempt += 1;
    });
  }

  function receive(frame: TerminalServerFrame): void {
    if ("output" in frame) watcher.onOutput(frame.output);
    else if ("screen" in frame) watcher.onScreen(frame.screen);
    else if ("size" in frame) watcher.onResize(frame.size);
    else if ("watchers" in frame) watcher.onWatchers(frame.watchers);
    else if ("refused" in frame) watcher.onRefused(frame.refused);
    else if ("ended" in frame) {
      close();
      watcher.onEnd(frame.ended.exit_code);
    }
  }

  function send(frame: TerminalClientFrame): boolean {
    if (socket?.readyState !== WebSocket.OPEN) return false;
    socket.send(JSON.stringify(frame));
    return true;
  }

  function flush(): void {
    clearTimeout(sending);
    sending = undefined;
    if (typed === "" || !send({ input: typed.slice(0, maxFrameChars) })) return;
    typed = typed.slice(maxFrameChars);
    if (typed !== "") sending = setTimeout(flush, sendEveryMs);
  }

  function close(): void {
    isOver = true;
    stopWake();
    clearTimeout(sending);
    clearTimeout(waiting);
    socket?.close();
  }

  connect();
  return {
    type(text) {
      // What is typed blindly, while there is no connection, is not meant for a screen that nobody has seen.
      if (socket?.readyState !== WebSocket.OPEN) return;
      typed += text;
      sending ??= setTimeout(flush, 0);
    },
    resize(next) {
      size = next;
      send({ size: next });
    },
    close,
  };
}
