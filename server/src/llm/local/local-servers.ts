/** What model servers have to offer, asked once and remembered: those on this machine, and the first model of one that is named. */
import { DeckhandError } from "@deckhand/protocol";
import { discover, listModels, type DiscoverOptions, type LocalServer } from "./discover.ts";
import { plainUrl } from "../failures/model-failure.ts";
import type { ModelAddress } from "../providers/provider.ts";

interface LookOptions {
  /** Look for servers on this machine at all. */
  readonly discover: boolean;
  /** Where; the usual ports by default. */
  readonly localServers?: DiscoverOptions["servers"];
}

interface Found {
  localServers(): Promise<readonly LocalServer[]>;
  /** Fails with `model_not_configured` where there is none. */
  firstModel(address: ModelAddress): Promise<string>;
  /** Without asking. */
  knownFirst(baseUrl: string): string | undefined;
}

/** Conversations ask again and again; what was found a moment ago still runs. */
const foundForMs = 2_000;
/** Clients can name any number of addresses. */
const mostFirsts = 100;
/** A server of one's own may have to wake up before it lists its models. */
const listTimeoutMs = 10_000;

export function createLocalServers(fetch: typeof globalThis.fetch, options: LookOptions): Found {
  const firsts = new Map<string, string>();
  let found: { readonly at: number; readonly servers: Promise<readonly LocalServer[]> } | undefined;

  function localServers(): Promise<readonly LocalServer[]> {
    if (!options.discover) return Promise.resolve([]);
    if (found === undefined || performance.now() - found.at > foundForMs) {
      const where = options.localServers === undefined ? {} : { servers: options.localServers };
      found = { at: performance.now(), servers: discover({ fetch, ...where }) };
    }
    return found.servers;
  }

  async function firstModel({ baseUrl, apiKey }: ModelAddress): Promise<string> {
    const known = firsts.get(baseUrl);
    if (known !== undefined) return known;
    const where = plainUrl(baseUrl);
    const ids = await listModels({ fetch, baseUrl, apiKey, timeoutMs: listTimeoutMs }).catch((cause: unknown) => {
      const message = `${where}/models does not list its models: set LLM_MODEL, or check LLM_BASE_URL.`;
      throw new DeckhandError("model_not_configured", message, { cause });
    });
    const [first] = ids;
    if (first === undefined)
      throw new DeckhandError("model_not_configured", `${where} has no model: load one, or set LLM_MODEL.`);
    if (firsts.size < mostFirsts) firsts.set(baseUrl, first);
    return first;
  }

  return { localServers, firstModel, knownFirst: (baseUrl) => firsts.get(baseUrl) };
}
