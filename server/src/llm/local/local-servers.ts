/** The model servers on this machine, and the first model of any server; both are looked up once and remembered. */
import { DeckhandError } from "@deckhand/protocol";
import { plainUrl } from "../failures/model-failure.ts";
import type { ModelAddress } from "../providers/provider.ts";
import { discover, listModels, type DiscoverOptions, type LocalServer } from "./discover.ts";

interface LocalServersOptions {
  /** Whether to look for servers on this machine at all. */
  readonly discover: boolean;
  /** Where to look; the usual ports by default. */
  readonly localServers?: DiscoverOptions["servers"];
  readonly lookupTimeoutMs?: number | undefined;
}

export interface LocalServers {
  list(): Promise<readonly LocalServer[]>;
  /** Fails with `model_not_configured` if the server lists none. */
  firstModel(address: ModelAddress): Promise<string>;
  /** Without contacting the server. */
  knownFirstModel(baseUrl: string): string | undefined;
}

/** Every turn looks; a server that was found a moment ago still runs. Counted from the end of the search. */
const searchValidMs = 2_000;
/** Clients can name any number of URLs. */
const maxFirstModels = 100;
/** A server may have to wake up before it can list its models. */
const listTimeoutMs = 10_000;

export function createLocalServers(fetch: typeof globalThis.fetch, options: LocalServersOptions): LocalServers {
  const firstModels = new Map<string, string>();
  let search: { readonly servers: Promise<readonly LocalServer[]>; validUntil: number } | undefined;

  function list(): Promise<readonly LocalServer[]> {
    if (!options.discover) return Promise.resolve([]);
    if (search === undefined || performance.now() > search.validUntil) search = startSearch();
    return search.servers;
  }

  function startSearch(): NonNullable<typeof search> {
    const servers = discover({ fetch, servers: options.localServers, timeoutMs: options.lookupTimeoutMs });
    const started = { servers, validUntil: Number.POSITIVE_INFINITY };
    void servers.finally(() => (started.validUntil = performance.now() + searchValidMs));
    return started;
  }

  async function firstModel({ baseUrl, apiKey }: ModelAddress): Promise<string> {
    const known = firstModels.get(baseUrl);
    if (known !== undefined) return known;
    const url = plainUrl(baseUrl);
    const ids = await listModels({ fetch, baseUrl, apiKey, timeoutMs: listTimeoutMs }).catch((cause: unknown) => {
      const message = `No list of models at ${url}/models: check the base URL, or set the name of the model.`;
      throw new DeckhandError("model_not_configured", message, { cause });
    });
    const [first] = ids;
    if (first === undefined) {
      const message = `The server at ${url} has no models: load one there, or set the name of the model.`;
      throw new DeckhandError("model_not_configured", message);
    }
    if (firstModels.size < maxFirstModels) firstModels.set(baseUrl, first);
    return first;
  }

  return { list, firstModel, knownFirstModel: (baseUrl) => firstModels.get(baseUrl) };
}
