/**
 * A terminal of a conversation over a WebSocket of its own that reconnects automatically. After each reconnect the
 * server sends the current screen, so the only state here is input that has not been sent yet.
 */
import type { TerminalClientFrame, TerminalServerFrame, TerminalSize } from "@deckhand/protocol";
import { retryDelayMs, type RetryOptions } from "../socket/backoff.ts";
import { onWake } from "../socket/wake.ts";

export interface TerminalWatcher {
  /** Replaces everything shown before: output to write to a cleared terminal of this size. */
  onScreen(screen: TerminalSize & { readonly data: string }): void;
  onOutput(text: string): void;
  onResize(size: TerminalSize): void;
  onWatchers(count: number): void;
  /** Input was rejected. */
  onRefused(why: string): void;
  /** Whether there is a connection; if not, it is being retried. */
  onConnected(isConnected: boolean): void;
  /** The last call; -1 means unknown. */
  onEnd(exitCode: number): void;
}

export interface TerminalConnection {
  type(text: string): void;
  /** Reports the size of this client's window. */
  resize(size: TerminalSize): void;
  close(): void;
}

export interface Terminals {
  /**
   * Resolves with its id. Fails with `not_available` if terminals are not supported, `limit_exceeded` if too many are
   * open.
   */
  open(conversation: string, size: TerminalSize, signal?: AbortSignal): Promise<string>;
  close(conversation: string, terminal: string, signal?: AbortSignal): Promise<void>;
  watch(conversation: string, terminal: string, watcher: TerminalWatcher): TerminalConnection;
}

/** Maximum input per frame; the server accepts 64 Ki characters. */
const maxFrameChars = 32 * 1024;
/** A paste is sent in chunks, at half the frame rate that the server accepts. */
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
  let isClosed = false;
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
      if (isClosed || socket !== fresh) return;
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
    isClosed = true;
    stopWake();
    clearTimeout(sending);
    clearTimeout(waiting);
    socket?.close();
  }

  connect();
  return {
    type(text) {
      // Input typed while disconnected is dropped: the user could not see the screen that it would reach.
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
