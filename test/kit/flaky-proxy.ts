/** A TCP proxy in front of a server whose connections can be cut. */
import { createServer, connect, type AddressInfo, type Socket } from "node:net";

export interface FlakyProxy extends AsyncDisposable {
  readonly port: number;
  /** Cuts all open connections and returns their number. */
  cut(): number;
}

/** The server must know the port of the proxy when it starts, so `target` may be set later. */
export async function flakyProxy(target: () => number): Promise<FlakyProxy> {
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(target(), "127.0.0.1");
    near.pipe(far).pipe(near);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        open.delete(socket);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = (): number => {
    const sockets = [...open];
    for (const socket of sockets) socket.resetAndDestroy();
    return sockets.length;
  };
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      cut();
      await closed;
    },
  };
}
