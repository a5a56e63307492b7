/**
 * Logins at MCP servers that want one (OAuth 2.1 with PKCE; the SDK does the protocol). A person opens the address, logs in, and
 * comes back to `/mcp-login` with a code. What is kept lies in DECKHAND_HOME/mcp, a file a server, closed to others. The code
 * comes with a `state` that nobody can guess, good once and for ten minutes: it says which server is meant.
 */
import { createHash, randomBytes } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { auth, type OAuthClientProvider } from "@modelcontextprotocol/sdk/client/auth.js";
import type { OAuthClientInformationMixed, OAuthTokens } from "@modelcontextprotocol/sdk/shared/auth.js";
import { DeckhandError, type McpAddress } from "@deckhand/protocol";
import { guardedFetch } from "./guarded-fetch.ts";

const pendingMs = 600_000;

interface Kept {
  /** Where we said that people come back to, when we registered. */
  readonly callback?: string | undefined;
  readonly client?: OAuthClientInformationMixed | undefined;
  readonly tokens?: OAuthTokens | undefined;
}

interface Pending {
  readonly name: string;
  readonly server: McpAddress;
  readonly url: string;
  readonly verifier: string;
  readonly until: number;
}

export interface LoginsOptions {
  readonly folder: string;
  /** Where people come back to; known when the server listens. */
  readonly callback: () => Promise<string>;
}

export class Logins {
  readonly #options: LoginsOptions;
  readonly #pending = new Map<string, Pending>();

  constructor(options: LoginsOptions) {
    this.#options = options;
  }

  /** Where a person has to log in; undefined where nobody waits for that. */
  urlFor(name: string, server: McpAddress): string | undefined {
    this.#forgetOld();
    return [...this.#pending.values()].find((each) => each.name === name && each.server.url === server.url)?.url;
  }

  async provider(name: string, server: McpAddress): Promise<OAuthClientProvider> {
    return await this.#provider(name, server, undefined);
  }

  /** The name of the server at which somebody has logged in. Fails with `bad_args`, and with `mcp_failed` where the code is not taken. */
  async finish(state: string, code: string): Promise<string> {
    this.#forgetOld();
    const pending = this.#pending.get(state);
    if (pending === undefined) throw new DeckhandError("bad_args", "Nobody waits for this login, or it came too late.");
    this.#pending.delete(state);
    const { name, server } = pending;
    try {
      const provider = await this.#provider(name, server, pending.verifier);
      await auth(provider, { serverUrl: server.url, authorizationCode: code, fetchFn: guardedFetch(server.url) });
    } catch (cause) {
      throw new DeckhandError("mcp_failed", `The login at ${name} did not work.`, { cause });
    }
    return name;
  }

  async #provider(name: string, server: McpAddress, verifier: string | undefined): Promise<OAuthClientProvider> {
    const callback = await this.#options.callback();
    const file = join(this.#options.folder, `login-${idOf(name, server)}.json`);
    const state = randomBytes(32).toString("base64url");
    let made = "";
    const kept = await read(file);
    // Registered for another port: it would send people there.
    let now: Kept = kept.callback === callback ? kept : { callback, tokens: kept.tokens };
    const keep = async (change: Kept): Promise<void> => {
      now = { ...now, ...change, callback };
      await write(file, now);
    };
    return {
      redirectUrl: callback,
      clientMetadata: {
        client_name: "Deckhand",
        redirect_uris: [callback],
        grant_types: ["authorization_code", "refresh_token"],
        response_types: ["code"],
        token_endpoint_auth_method: "none",
      },
      state: () => state,
      clientInformation: () => now.client,
      saveClientInformation: (client) => keep({ client }),
      tokens: () => now.tokens,
      saveTokens: (tokens) => keep({ tokens }),
      saveCodeVerifier: (text) => {
        made = text;
      },
      codeVerifier: () => verifier ?? made,
      redirectToAuthorization: (url) => {
        if (!/^https?:$/.test(url.protocol)) throw new DeckhandError("mcp_failed", "Its login is at no web address.");
        for (const [key, each] of this.#pending) if (each.name === name) this.#pending.delete(key);
        this.#pending.set(state, { name, server, url: url.href, verifier: made, until: performance.now() + pendingMs });
      },
      invalidateCredentials: async (scope) => {
        if (scope === "all" || scope === "client") await keep({ client: undefined });
        if (scope === "all" || scope === "tokens") await keep({ tokens: undefined });
      },
    };
  }

  #forgetOld(): void {
    for (const [state, { until }] of this.#pending) if (performance.now() > until) this.#pending.delete(state);
  }
}

function idOf(name: string, { url }: McpAddress): string {
  return createHash("sha256").update(`${name}\n${url}`).digest("hex").slice(0, 32);
}

/** One that is torn costs a login. */
async function read(file: string): Promise<Kept> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as Kept;
  } catch {
    return {};
  }
}

async function write(file: string, kept: Kept): Promise<void> {
  const draft = `${file}.${randomBytes(8).toString("hex")}`;
  await mkdir(join(file, ".."), { recursive: true, mode: 0o700 });
  try {
    await writeFile(draft, JSON.stringify(kept), { mode: 0o600, flush: true });
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
