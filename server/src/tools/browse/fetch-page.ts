/**
 * Fetches a page from outside the sandbox, for an agent that must not reach what this machine reaches. So every address
 * that a name resolves to is checked, the connection goes to an address that was checked (the look-up is the
 * connection's own), each redirect is checked again, and size and time are bounded.
 */
import { lookup } from "node:dns";
import { request as requestHttp, type IncomingMessage } from "node:http";
import { request as requestHttps } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { DeckhandError } from "@deckhand/protocol";
import { isClosedAddress } from "../../runtime/network/policy/addresses.ts";

export interface Page {
  /** Where it came from in the end. */
  readonly url: string;
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

const maxBytes = 5 * 1024 * 1024;
const maxRedirects = 5;
const timeoutMs = 30_000;

export interface FetchOptions {
  /** `host:port` pairs that may be fetched although they are private. */
  readonly allow: readonly string[];
}

/** Fails with `fetch_refused` for an address that may not be reached, `fetch_failed` for one that cannot. */
export async function fetchPage(address: string, options: FetchOptions, signal: AbortSignal): Promise<Page> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  let url = parse(address);
  for (let redirects = 0; redirects <= maxRedirects; redirects += 1) {
    const response = await get(url, options, limit);
    const status = response.statusCode ?? 0;
    const { location } = response.headers;
    if (status >= 300 && status < 400 && location !== undefined) {
      response.destroy();
      url = parse(new URL(location, url).href);
      continue;
    }
    const contentType = response.headers["content-type"] ?? "text/plain";
    if (!/^(text\/|application\/(json|xml|xhtml\+xml|javascript))/.test(contentType)) {
      response.destroy();
      throw new DeckhandError("fetch_refused", `${url.href} is ${contentType}, not text.`);
    }
    return { url: url.href, status, contentType, body: await read(response, url) };
  }
  throw new DeckhandError("fetch_failed", `${address} redirects more than ${maxRedirects} times.`);
}

function parse(address: string): URL {
  const url = URL.parse(address);
  if (url === null)
    throw new DeckhandError("fetch_refused", `${address} is not an address; it must begin with https://.`);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new DeckhandError("fetch_refused", `${url.protocol} addresses are not fetched, only http: and https:.`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new DeckhandError("fetch_refused", "Addresses with a user or a password are not fetched.");
  }
  return url;
}

function get(url: URL, { allow }: FetchOptions, signal: AbortSignal): Promise<IncomingMessage> {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  const open = allow.includes(`${host}:${port}`);
  if (!open && isIP(host) !== 0) refuseClosed(host, host);
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const request = (url.protocol === "https:" ? requestHttps : requestHttp)(url, {
    signal,
    agent: false,
    headers: { "user-agent": "deckhand", accept: "text/html, text/*;q=0.9, application/json;q=0.8" },
    ...(open ? {} : { lookup: checkedLookup }),
  });
  request.on("response", resolve);
  request.on("error", (error) => reject(asFetchError(error, url)));
  request.end();
  return promise;
}

/** Resolves a name and refuses it when any of its addresses is closed: one open address among them proves nothing. */
const checkedLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return callback(error, "", 0);
    try {
      for (const { address } of addresses) refuseClosed(address, hostname);
    } catch (refused) {
      return callback(refused as Error, "", 0);
    }
    const [first] = addresses;
    if (options.all === true) return (callback as (e: null, a: typeof addresses) => void)(null, addresses);
    return callback(null, first?.address ?? "", first?.family ?? 4);
  });
};

function refuseClosed(address: string, name: string): void {
  if (isClosedAddress(address)) {
    throw new DeckhandError(
      "fetch_refused",
      `${name} is an address of this machine or a private network (${address}); DECKHAND_BROWSE_ALLOW can allow it.`,
    );
  }
}

async function read(response: IncomingMessage, url: URL): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > maxBytes) break;
    }
  } catch (error) {
    throw asFetchError(error, url);
  }
  const charset = /charset=["']?([\w-]+)/i.exec(response.headers["content-type"] ?? "")?.[1] ?? "utf-8";
  return decoder(charset).decode(Buffer.concat(chunks).subarray(0, maxBytes));
}

function decoder(charset: string): { decode(bytes: Uint8Array): string } {
  try {
    return new TextDecoder(charset);
  } catch {
    return new TextDecoder();
  }
}

function asFetchError(error: unknown, url: URL): Error {
  if (error instanceof DeckhandError) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new DeckhandError("fetch_failed", `${url.href} could not be fetched: ${why}.`, { cause: error });
}
