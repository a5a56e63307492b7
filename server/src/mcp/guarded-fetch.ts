/**
 * Requests to an MCP server. Its own origin is what the user has named, wherever that is. Others are named by it (where to log
 * in, for one), and it may be hostile: they are reached by https only, and not in networks that are not the internet, this server
 * among them. An answer that is no stream is bounded.
 */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { FetchLike } from "@modelcontextprotocol/sdk/shared/transport.js";
import { DeckhandError } from "@deckhand/protocol";
import { isClosedAddress } from "../runtime/network/policy/addresses.ts";

const mostBytes = 16 * 1024 * 1024;
/** A stream goes on as long as the server does; no single one of ours needs more. */
const mostStreamedBytes = 256 * 1024 * 1024;

export function guardedFetch(address: string): FetchLike {
  const { origin } = new URL(address);
  return async (url, init) => {
    const target = new URL(url);
    if (target.origin !== origin) await assertPublic(target);
    const response = await fetch(target, init);
    const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") ?? false;
    return bounded(response, isStream ? mostStreamedBytes : mostBytes);
  };
}

async function assertPublic({ protocol, hostname, origin }: URL): Promise<void> {
  const refuse = (why: string): never => {
    throw new DeckhandError("fetch_refused", `It names ${origin}, ${why}.`);
  };
  if (protocol !== "https:") refuse("which is not https");
  const bare = hostname.replace(/^\[|\]$/g, "");
  const found = isIP(bare) === 0 ? await lookup(bare, { all: true }).catch(() => []) : [{ address: bare }];
  if (found.length === 0) refuse("which is not found");
  if (found.some(({ address }) => isClosedAddress(address))) refuse("which is in a private network");
}

function bounded(response: Response, most: number): Response {
  if (response.body === null) return response;
  let size = 0;
  const counted = response.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        size += chunk.byteLength;
        if (size > most) controller.error(new DeckhandError("mcp_failed", "The MCP server answers without an end."));
        else controller.enqueue(chunk);
      },
    }),
  );
  const { status, statusText, headers } = response;
  const copy = new Response(counted, { status, statusText, headers });
  Object.defineProperty(copy, "url", { value: response.url });
  return copy;
}
