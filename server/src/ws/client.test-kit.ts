/** A WebSocket client for tests that records every frame and can wait for one. */
import { WebSocket, type ClientOptions } from "ws";

/** Tests read the fields that they expect; a missing one fails their assertion. */
// oxlint-disable-next-line typescript/no-explicit-any -- typed frames would only test the types
export type Frame = Readonly<Record<string, any>>;

export interface TestClient extends AsyncDisposable {
  readonly ws: WebSocket;
  /** All received frames in order. */
  readonly frames: readonly Frame[];
  send(frame: unknown): void;
  /** Sends the text unchanged. */
  sendText(text: string | Buffer): void;
  /** Resolves with the first matching frame after the last one returned, received already or still to come. */
  next(matches: (frame: Frame) => boolean): Promise<Frame>;
  /** Resolves with the close code. */
  readonly closed: Promise<number>;
}

export interface TestClientOptions extends ClientOptions {
  readonly protocols?: string[];
}

const timeoutMs = 10_000;

export async function connectClient(url: string, options: TestClientOptions = {}): Promise<TestClient> {
  const { protocols, ...rest } = options;
  const ws = new WebSocket(url.replace(/^http/, "ws"), protocols ?? [], rest);
  const frames: Frame[] = [];
  const waiting = new Set<() => void>();
  let at = 0;
  const wake = (): void => {
    for (const check of waiting) check();
  };
  ws.on("message", (data: Buffer) => {
    frames.push(JSON.parse(data.toString("utf8")) as Frame);
    wake();
  });
  const closed = new Promise<number>((resolve) => ws.on("close", resolve));
  void closed.then(wake);
  await new Promise((resolve, reject) => {
    ws.on("open", resolve);
    ws.on("error", reject);
  });

  function next(matches: (frame: Frame) => boolean): Promise<Frame> {
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void): void => {
        waiting.delete(check);
        clearTimeout(timer);
        finish();
      };
      const fail = (why: string): void =>
        settle(() =>
          reject(
            new Error(
              `${why} before a matching frame arrived; last frames:\n${frames.slice(-5).map(oneLine).join("\n")}`,
            ),
          ),
        );
      const check = (): void => {
        while (at < frames.length) {
          const frame = frames[at] as Frame;
          at += 1;
          if (matches(frame)) return settle(() => resolve(frame));
        }
        if (ws.readyState === WebSocket.CLOSED) fail("The socket closed");
      };
      const timer = setTimeout(() => fail("The time ran out"), timeoutMs);
      waiting.add(check);
      check();
    });
  }

  return {
    ws,
    frames,
    send: (frame) => ws.send(JSON.stringify(frame)),
    sendText: (text) => ws.send(text),
    next,
    closed,
    async [Symbol.asyncDispose]() {
      ws.terminate();
      await closed;
    },
  };
}

function oneLine(frame: Frame): string {
  return JSON.stringify(frame).slice(0, 300);
}
