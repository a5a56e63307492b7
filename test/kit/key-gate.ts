/** A proxy in front of a model server that, like a provider, answers 401 to requests without the key. */
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

export interface KeyGate extends AsyncDisposable {
  /** The value of LLM_BASE_URL. */
  readonly url: string;
}

export async function keyGate(target: string, key: string): Promise<KeyGate> {
  const server = createServer((incoming, outgoing) => {
    if (incoming.headers.authorization !== `Bearer ${key}`) {
      incoming.resume();
      outgoing.writeHead(401, { "Content-Type": "application/json" });
      outgoing.end(JSON.stringify({ error: { message: "Incorrect API key provided.", code: "invalid_api_key" } }));
      return;
    }
    const { host: _, ...headers } = incoming.headers;
    const path = new URL(incoming.url ?? "/", target);
    const forwarded = request(path, { method: incoming.method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    forwarded.on("error", () => outgoing.destroy());
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
