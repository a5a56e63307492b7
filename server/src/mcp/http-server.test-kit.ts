/** A remote MCP server, optionally with a login (OAuth 2.1 as far as a client sees it). */
import { createHash, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server as HttpServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { CallToolRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";

export interface HttpMcpServer extends AsyncDisposable {
  readonly url: string;
  /** The requests it got, as `METHOD path`. */
  readonly requests: string[];
  /** Headers of the last MCP request. */
  readonly headers: () => IncomingMessage["headers"];
}

export interface HttpMcpOptions {
  readonly login?: boolean;
  /** Awaited before a tool call is answered. */
  readonly beforeCall?: () => Promise<void>;
  /** Answers every request instead. */
  readonly answer?: (request: IncomingMessage, response: ServerResponse) => void;
}

export async function httpMcpServer({
  login = false,
  answer,
  beforeCall,
}: HttpMcpOptions = {}): Promise<HttpMcpServer> {
  const requests: string[] = [];
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  const tokens = new Set<string>();
  const codes = new Map<string, string>();
  let headers: IncomingMessage["headers"] = {};
  const http: HttpServer = createServer((request, response) => void serve(request, response));
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", origin);
    requests.push(`${request.method} ${url.pathname}`);
    if (answer !== undefined) return answer(request, response);
    const json = (body: object, status = 200): void => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    };
    switch (url.pathname) {
      case "/.well-known/oauth-protected-resource":
      case "/.well-known/oauth-protected-resource/mcp":
        return json({ resource: `${origin}/mcp`, authorization_servers: [origin] }, login ? 200 : 404);
      case "/.well-known/oauth-authorization-server":
        return json({
          issuer: origin,
          authorization_endpoint: `${origin}/authorize`,
          token_endpoint: `${origin}/token`,
          registration_endpoint: `${origin}/register`,
          response_types_supported: ["code"],
          code_challenge_methods_supported: ["S256"],
        });
      case "/register":
        return json({ ...(JSON.parse(await text(request)) as object), client_id: randomUUID() }, 201);
      case "/authorize": {
        const code = randomUUID();
        codes.set(code, url.searchParams.get("code_challenge") ?? "");
        const back = new URL(url.searchParams.get("redirect_uri") ?? "");
        back.search = new URLSearchParams({ code, state: url.searchParams.get("state") ?? "" }).toString();
        response.writeHead(302, { location: back.href }).end();
        return;
      }
      case "/token": {
        const form = new URLSearchParams(await text(request));
        const challenge = createHash("sha256")
          .update(form.get("code_verifier") ?? "")
          .digest("base64url");
        if (codes.get(form.get("code") ?? "") !== challenge) return json({ error: "invalid_grant" }, 400);
        const token = `token-${randomUUID()}`;
        tokens.add(token);
        return json({ access_token: token, token_type: "Bearer" });
      }
      case "/mcp": {
        headers = request.headers;
        if (login && !tokens.has(request.headers.authorization?.replace("Bearer ", "") ?? "")) {
          const metadata = `${origin}/.well-known/oauth-protected-resource`;
          response.writeHead(401, { "www-authenticate": `Bearer resource_metadata="${metadata}"` }).end();
          return;
        }
        return await (await transportOf(request)).handleRequest(request, response);
      }
      default:
        response.writeHead(404).end();
    }
  }

  async function transportOf(request: IncomingMessage): Promise<StreamableHTTPServerTransport> {
    const known = sessions.get(String(request.headers["mcp-session-id"]));
    if (known !== undefined) return known;
    const transport: StreamableHTTPServerTransport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void sessions.set(id, transport),
    });
    await echoServer(beforeCall).connect(transport);
    return transport;
  }

  return {
    url: `${origin}/mcp`,
    requests,
    headers: () => headers,
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => http.close(resolve));
      http.closeAllConnections();
      await closed;
    },
  };
}

function echoServer(beforeCall: (() => Promise<void>) | undefined): Server {
  const server = new Server({ name: "far", version: "1" }, { capabilities: { tools: {} } });
  const inputSchema = { type: "object" as const, properties: { text: { type: "string" } } };
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: [{ name: "echo", inputSchema }] }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }) => {
    await beforeCall?.();
    return { content: [{ type: "text", text: String(params.arguments?.["text"]) }] };
  });
  return server;
}
