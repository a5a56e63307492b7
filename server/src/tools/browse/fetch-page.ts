/**
 * Fetches a page from outside the sandbox, for an agent that must not reach everything this machine can reach. So every
 * address that a name resolves to is checked, the connection uses that same lookup and so goes to a checked address,
 * each redirect is checked again, and size and time are bounded.
 */
import { lookup } from "node:dns";
import { request as requestHttp, type IncomingMessage } from "node:http";
import { request as requestHttps } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { DeckhandError } from "@deckhand/protocol";
import { isClosedAddress } from "../../runtime/network/policy/addresses.ts";

export interface Page {
  /** The final URL, after redirects. */
  readonly url: string;
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

const maxBytes = 5 * 1024 * 1024;
const maxRedirects = 5;
const timeoutMs = 30_000;

export interface FetchOptions {
  /** Private addresses that may be fetched anyway, as host:port. */
  readonly allow: readonly string[];
}

/** Fails with `fetch_refused` if the address must not be reached, `fetch_failed` if it cannot be. */
export async function fetchPage(pageUrl: string, options: FetchOptions, signal: AbortSignal): Promise<Page> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  let url = parse(pageUrl);
  for (let redirects = 0; redirects <= maxRedirects; redirects += 1) {
    const response = await get(url, options, limited);
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
  throw new DeckhandError("fetch_failed", `${pageUrl} redirects more than ${maxRedirects} times.`);
}

function parse(text: string): URL {
  const url = URL.parse(text);
  if (url === null)
    throw new DeckhandError("fetch_refused", `${text} is not a URL; it must start with https:// or http://.`);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new DeckhandError("fetch_refused", `${url.protocol} URLs cannot be fetched, only http: and https:.`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new DeckhandError("fetch_refused", "URLs with a user name or password cannot be fetched.");
  }
  return url;
}

function get(url: URL, { allow }: FetchOptions, signal: AbortSignal): Promise<IncomingMessage> {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  const isAllowed = allow.includes(`${host}:${port}`);
  if (!isAllowed && isIP(host) !== 0) refuseClosed(host, host);
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const request = (url.protocol === "https:" ? requestHttps : requestHttp)(url, {
    signal,
    agent: false,
    headers: { "user-agent": "deckhand", accept: "text/html, text/*;q=0.9, application/json;q=0.8" },
    ...(isAllowed ? {} : { lookup: checkedLookup }),
  });
  request.on("response", resolve);
  request.on("error", (error) => reject(asFetchError(error, url)));
  request.end();
  return promise;
}

/** Resolves a name and refuses it if any of its addresses is closed: an open one among them proves nothing. */
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
    return callback(null, first?.address ?? "", isIP(first?.address ?? ""));
  });
};

function refuseClosed(address: string, name: string): void {
  if (isClosedAddress(address)) {
    throw new DeckhandError(
      "fetch_refused",
      `${name} is on this machine or a private network (${address}). The user can allow it with DECKHAND_BROWSE_ALLOW.`,
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
