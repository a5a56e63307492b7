/** A request, or a WebSocket, to what listens in a conversation's sandbox. Streams both ways and holds nothing. */
import {
  request as requestHttp,
  STATUS_CODES,
  type ClientRequest,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import type { Socket } from "node:net";
import { pipeline, type Duplex } from "node:stream";
import { DeckhandError } from "@deckhand/protocol";
import type { ConversationsApi } from "../../conversation/api.ts";
import { responseHeaders, requestHeaders, type PortAddress } from "./port-headers.ts";
import type { SandboxPort } from "./port-host.ts";

/** Long polls and event streams are idle for long. */
const idleMs = 30 * 60_000;

export interface ForwardTarget extends PortAddress, SandboxPort {
  /** What the program is asked for. */
  readonly path: string;
}

export interface ForwardOptions {
  readonly conversations: ConversationsApi;
  /** Ours, which it does not get to see. */
  readonly token: string | undefined;
}

/** Fails with a `DeckhandError` while nothing has been answered. */
export async function forward(
  request: IncomingMessage,
  response: ServerResponse,
  to: ForwardTarget,
  options: ForwardOptions,
): Promise<void> {
  const asked = await ask(request, to, options, []);
  asked.on("response", (answer) => {
    try {
      response.writeHead(answer.statusCode ?? 502, responseHeaders(answer.rawHeaders, to) as never);
    } catch {
      // What the program says can be read, and not be sent: a status of 099, a control character.
      return void response.destroy();
    }
    pipeline(answer, response, () => {});
  });
  asked.on("error", () => {
    if (response.headersSent) response.destroy();
    else response.writeHead(502, { "Content-Type": "text/plain" }).end(`The program on port ${to.port} hung up.\n`);
  });
  response.once("close", () => asked.destroy());
  pipeline(request, asked, () => {});
}

export async function forwardUpgrade(
  request: IncomingMessage,
  client: Duplex,
  head: Buffer,
  to: ForwardTarget,
  options: ForwardOptions,
): Promise<void> {
  const asked = await ask(request, to, options, ["Connection", "Upgrade", "Upgrade", "websocket"]);
  const answer = (inside: IncomingMessage, more: readonly string[]): string => {
    const headers = [...responseHeaders(inside.rawHeaders, to), ...more];
    const lines = headers.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${headers[at + 1]}`] : []));
    const status = inside.statusCode ?? 502;
    return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines.join("\r\n")}\r\n\r\n`;
  };
  client.once("close", () => asked.destroy());
  asked.on("error", () => client.destroy());
  asked.on("upgrade", (inside, socket, first) => {
    client.write(answer(inside, ["Connection", "Upgrade", "Upgrade", "websocket"]));
    if (first.length > 0) socket.unshift(first);
    if (head.length > 0) client.unshift(head);
    pipeline(client, socket, () => {});
    pipeline(socket, client, () => {});
  });
  asked.on("response", (inside) => {
    client.write(answer(inside, ["Connection", "close"]));
    pipeline(inside, client, () => {});
  });
  asked.end();
}

async function ask(
  request: IncomingMessage,
  to: ForwardTarget,
  { conversations, token }: ForwardOptions,
  more: readonly string[],
): Promise<ClientRequest> {
  if (!(await conversations.exists(to.conversation))) throw new DeckhandError("unknown_conversation");
  const { network } = await conversations.open(to.conversation);
  if (network === undefined) throw new DeckhandError("port_closed", "This conversation has no network of its own.");
  const gone = new AbortController();
  const left = () => gone.abort();
  request.socket.once("close", left);
  const socket = (await network.connect(to.port, gone.signal)) as Socket;
  request.socket.off("close", left);
  socket.on("error", () => {});
  socket.setTimeout(idleMs, () => socket.destroy());
  try {
    return requestHttp({
      createConnection: () => socket,
      method: request.method,
      path: to.path,
      headers: [
        ...requestHeaders(request.rawHeaders, to, token),
        ...(more.length > 0 ? more : ["Connection", "close"]),
      ] as never,
      setHost: false,
    });
  } catch (error) {
    socket.destroy();
    throw new DeckhandError("bad_request", "This request cannot be passed on.", { cause: error });
  }
}
