/**
 * Logins at MCP servers (OAuth 2.1 with PKCE; the SDK implements the protocol). A person opens the address, logs in, and is redirected to
 * `/mcp-login` with a code. Tokens are stored in DECKHAND_HOME/mcp, one file per server, readable only by the owner. The code comes with
 * an unguessable `state`, valid once and for ten minutes, which identifies the server.
 */
import { createHash, randomBytes } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { auth, type OAuthClientProvider } from "@modelcontextprotocol/sdk/client/auth.js";
import type { OAuthClientInformationMixed, OAuthTokens } from "@modelcontextprotocol/sdk/shared/auth.js";
import { DeckhandError, type McpAddress } from "@deckhand/protocol";
import { guardedFetch } from "./guarded-fetch.ts";

const pendingMs = 600_000;

interface StoredLogin {
  /** The redirect address we registered with. */
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
  /** A code has come back for it. */
  isUsed: boolean;
}

export interface LoginsOptions {
  readonly folder: string;
  /** The OAuth redirect address; known once the server listens. */
  readonly callback: () => Promise<string>;
}

export class Logins {
  readonly #options: LoginsOptions;
  readonly #pending = new Map<string, Pending>();

  constructor(options: LoginsOptions) {
    this.#options = options;
  }

  /** Where a person has to log in; undefined if no login is pending. */
  urlFor(name: string, server: McpAddress): string | undefined {
    this.#dropExpired();
    return [...this.#pending.values()].find((each) => each.name === name && each.server.url === server.url)?.url;
  }

  async provider(name: string, server: McpAddress): Promise<OAuthClientProvider> {
    return await this.#provider(name, server, undefined);
  }

  /** Completes a login and returns the name of the server. Fails with `bad_args`, or with `mcp_failed` if the code is rejected. */
  async finish(state: string, code: string): Promise<string> {
    this.#dropExpired();
    const pending = this.#pending.get(state);
    if (pending === undefined || pending.isUsed) {
      throw new DeckhandError(
        "bad_args",
        "This login was not requested, was already used, or has expired. Start it again.",
      );
    }
    // It stays pending until the tokens are stored: otherwise a retry in the meantime would request another login.
    pending.isUsed = true;
    const { name, server } = pending;
    try {
      const provider = await this.#provider(name, server, pending.verifier);
      await auth(provider, { serverUrl: server.url, authorizationCode: code, fetchFn: guardedFetch(server.url) });
    } catch (cause) {
      throw new DeckhandError("mcp_failed", `The login at ${name} failed.`, { cause });
    } finally {
      this.#pending.delete(state);
    }
    return name;
  }

  async #provider(name: string, server: McpAddress, verifier: string | undefined): Promise<OAuthClientProvider> {
    const callback = await this.#options.callback();
    const file = join(this.#options.folder, `login-${idOf(name, server)}.json`);
    const state = randomBytes(32).toString("base64url");
    let ownVerifier = "";
    const stored = await read(file);
    // A client registered for another port would redirect people there.
    let current: StoredLogin = stored.callback === callback ? stored : { callback, tokens: stored.tokens };
    const update = async (change: StoredLogin): Promise<void> => {
      current = { ...current, ...change, callback };
      await write(file, current);
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
      clientInformation: () => current.client,
      saveClientInformation: (client) => update({ client }),
      tokens: () => current.tokens,
      saveTokens: (tokens) => update({ tokens }),
      saveCodeVerifier: (text) => {
        ownVerifier = text;
      },
      codeVerifier: () => verifier ?? ownVerifier,
      redirectToAuthorization: (url) => {
        if (!/^https?:$/.test(url.protocol))
          throw new DeckhandError("mcp_failed", "The login address of the MCP server is not an http or https URL.");
        for (const [key, each] of this.#pending) if (each.name === name) this.#pending.delete(key);
        this.#pending.set(state, {
          name,
          server,
          url: url.href,
          verifier: ownVerifier,
          until: performance.now() + pendingMs,
          isUsed: false,
        });
      },
      invalidateCredentials: async (scope) => {
        if (scope === "all" || scope === "client") await update({ client: undefined });
        if (scope === "all" || scope === "tokens") await update({ tokens: undefined });
      },
    };
  }

  #dropExpired(): void {
    for (const [state, { until }] of this.#pending) if (performance.now() > until) this.#pending.delete(state);
  }
}

function idOf(name: string, { url }: McpAddress): string {
  return createHash("sha256").update(`${name}\n${url}`).digest("hex").slice(0, 32);
}

/** A damaged file costs one login. */
async function read(file: string): Promise<StoredLogin> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as StoredLogin;
  } catch {
    return {};
  }
}

async function write(file: string, login: StoredLogin): Promise<void> {
  const draft = `${file}.${randomBytes(8).toString("hex")}`;
  await mkdir(join(file, ".."), { recursive: true, mode: 0o700 });
  try {
    await writeFile(draft, JSON.stringify(login), { mode: 0o600, flush: true });
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
