/**
 * Requests to an MCP server. The server's own origin was configured by the user and may be anywhere. Other origins are named by the
 * server (its login server, for example), which may be hostile: they are reached only over https and only at public addresses, so
 * never this server or its network. Response sizes are bounded.
 */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { FetchLike } from "@modelcontextprotocol/sdk/shared/transport.js";
import { DeckhandError } from "@deckhand/protocol";
import { isClosedAddress } from "../runtime/network/policy/addresses.ts";

const maxBytes = 16 * 1024 * 1024;
/** A stream may stay open as long as the server runs; none of our streams needs more. */
const maxStreamedBytes = 256 * 1024 * 1024;

export function guardedFetch(address: string): FetchLike {
  const { origin } = new URL(address);
  return async (url, init) => {
    const target = new URL(url);
    if (target.origin !== origin) await assertPublic(target);
    const response = await fetch(target, init);
    const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") ?? false;
    return bounded(response, isStream ? maxStreamedBytes : maxBytes);
  };
}

async function assertPublic({ protocol, hostname, origin }: URL): Promise<void> {
  const refuse = (reason: string): never => {
    throw new DeckhandError("fetch_refused", `The MCP server refers to ${origin}, ${reason}.`);
  };
  if (protocol !== "https:") refuse("which does not use https");
  const bare = hostname.replace(/^\[|\]$/g, "");
  const found = isIP(bare) === 0 ? await lookup(bare, { all: true }).catch(() => []) : [{ address: bare }];
  if (found.length === 0) refuse("which cannot be resolved");
  if (found.some(({ address }) => isClosedAddress(address))) refuse("which is a private address");
}

function bounded(response: Response, limitBytes: number): Response {
  if (response.body === null) return response;
  let size = 0;
  const counted = response.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        size += chunk.byteLength;
        if (size > limitBytes)
          controller.error(new DeckhandError("mcp_failed", "The response of the MCP server is too large."));
        else controller.enqueue(chunk);
      },
    }),
  );
  const { status, statusText, headers } = response;
  const copy = new Response(counted, { status, statusText, headers });
  Object.defineProperty(copy, "url", { value: response.url });
  return copy;
}
