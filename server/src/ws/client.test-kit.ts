/** For tests: a client that keeps every frame, and waits for one. */
import { WebSocket, type ClientOptions } from "ws";

/** Read by tests that know what they expect; what is not there fails their assertion. */
// oxlint-disable-next-line typescript/no-explicit-any -- naming each frame's shape would test the names
export type Frame = Readonly<Record<string, any>>;

export interface TestClient extends AsyncDisposable {
  readonly ws: WebSocket;
  /** All that came, in order. */
  readonly frames: readonly Frame[];
  send(frame: unknown): void;
  /** Text as it is. */
  sendText(text: string | Buffer): void;
  /** The first frame of this shape that was not returned before, already there or to come. */
  next(is: (frame: Frame) => boolean): Promise<Frame>;
  /** The code that the socket was closed with. */
  readonly closed: Promise<number>;
}

export interface TestClientOptions extends ClientOptions {
  readonly protocols?: string[];
}

const waitMs = 10_000;

export async function connectClient(url: string, options: TestClientOptions = {}): Promise<TestClient> {
  const { protocols, ...rest } = options;
  const ws = new WebSocket(url.replace(/^http/, "ws"), protocols ?? [], rest);
  const frames: Frame[] = [];
  const waiting = new Set<() => void>();
  let at = 0;
  const wake = (): void => {
    for (const look of waiting) look();
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

  function next(is: (frame: Frame) => boolean): Promise<Frame> {
    return new Promise((resolve, reject) => {
      const settle = (end: () => void): void => {
        waiting.delete(look);
        clearTimeout(timer);
        end();
      };
      const fail = (why: string): void =>
        settle(() =>
          reject(
            new Error(`${why} before the frame came; the last ones:\n${frames.slice(-5).map(oneLine).join("\n")}`),
          ),
        );
      const look = (): void => {
        while (at < frames.length) {
          const frame = frames[at] as Frame;
          at += 1;
          if (is(frame)) return settle(() => resolve(frame));
        }
        if (ws.readyState === WebSocket.CLOSED) fail("closed");
      };
      const timer = setTimeout(() => fail("time is over"), waitMs);
      waiting.add(look);
      look();
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
