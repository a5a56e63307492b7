/** Forwards requests and WebSockets to a port inside a conversation's sandbox, streaming both ways. */
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
import { existingConversation } from "../../wire/conversation-id.ts";
import { requestHeaders, responseHeaders, type PortAddress } from "./port-headers.ts";
import type { SandboxPort } from "./port-host.ts";

/** Long polls and event streams may be idle for minutes. */
const idleMs = 30 * 60_000;

export interface ForwardTarget extends PortAddress, SandboxPort {
  /** The path to request from the program. */
  readonly path: string;
}

export interface ForwardOptions {
  readonly conversations: ConversationsApi;
  /** The server's token, which is removed from forwarded requests. */
  readonly token: string | undefined;
}

/** Fails with a `DeckhandError` as long as nothing has been sent. */
export async function forward(
  request: IncomingMessage,
  response: ServerResponse,
  to: ForwardTarget,
  options: ForwardOptions,
): Promise<void> {
  const inner = await startRequest(request, to, options, ["Connection", "close"]);
  inner.on("response", (answer) => {
    try {
      response.writeHead(answer.statusCode ?? 502, responseHeaders(answer.rawHeaders, to) as never);
    } catch {
      // Node's parser accepts responses that Node cannot send: a status of 099, a control character.
      return void response.destroy();
    }
    pipeline(answer, response, () => {});
  });
  inner.on("error", () => {
    if (response.headersSent) response.destroy();
    else {
      const text = `The program on port ${to.port} closed the connection.\n`;
      response.writeHead(502, { "Content-Type": "text/plain" }).end(text);
    }
  });
  response.once("close", () => inner.destroy());
  pipeline(request, inner, () => {});
}

/** Fails with a `DeckhandError` as long as nothing has been sent. */
export async function forwardUpgrade(
  request: IncomingMessage,
  client: Duplex,
  head: Buffer,
  to: ForwardTarget,
  options: ForwardOptions,
): Promise<void> {
  const inner = await startRequest(request, to, options, ["Connection", "Upgrade", "Upgrade", "websocket"]);
  client.once("close", () => inner.destroy());
  inner.on("error", () => client.destroy());
  inner.on("upgrade", (answer, socket, first) => {
    client.write(responseHead(answer, to, ["Connection", "Upgrade", "Upgrade", "websocket"]));
    if (first.length > 0) socket.unshift(first);
    if (head.length > 0) client.unshift(head);
    pipeline(client, socket, () => {});
    pipeline(socket, client, () => {});
  });
  inner.on("response", (answer) => {
    client.write(responseHead(answer, to, ["Connection", "close"]));
    pipeline(answer, client, () => {});
  });
  inner.end();
}

function responseHead(answer: IncomingMessage, to: ForwardTarget, connection: readonly string[]): string {
  const headers = [...responseHeaders(answer.rawHeaders, to), ...connection];
  const lines = headers.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${headers[at + 1]}`] : []));
  const status = answer.statusCode ?? 502;
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines.join("\r\n")}\r\n\r\n`;
}

async function startRequest(
  request: IncomingMessage,
  to: ForwardTarget,
  { conversations, token }: ForwardOptions,
  connection: readonly string[],
): Promise<ClientRequest> {
  const { network } = await existingConversation(conversations, to.conversation);
  if (network === undefined) {
    throw new DeckhandError("port_closed", "This conversation has no sandbox network, so it has no ports to open.");
  }
  const closed = new AbortController();
  const onClose = () => closed.abort();
  request.socket.once("close", onClose);
  const socket = (await network.connect(to.port, closed.signal)) as Socket;
  request.socket.off("close", onClose);
  socket.on("error", () => {});
  socket.setTimeout(idleMs, () => socket.destroy());
  try {
    return requestHttp({
      createConnection: () => socket,
      method: request.method,
      path: to.path,
      headers: [...requestHeaders(request.rawHeaders, to, token), ...connection] as never,
      setHost: false,
    });
  } catch (error) {
    socket.destroy();
    throw new DeckhandError("bad_request", "The request has a path or header that cannot be forwarded.", {
      cause: error,
    });
  }
}
