/** The saved settings with all secrets (keys, variables, headers) reduced to their last four characters. */
import type { MaskedSecret, McpServer, McpServerView, ServerSettings, SettingsView } from "@deckhand/protocol";

/** Four characters of a shorter secret would reveal too much of it. */
const minShownLength = 12;

export function redacted({ keys, mcp, ...rest }: ServerSettings): SettingsView {
  return {
    ...rest,
    ...(keys === undefined ? {} : { keys: mask(keys) }),
    ...(mcp === undefined ? {} : { mcp: mcp.servers === undefined ? {} : { servers: maskServers(mcp.servers) } }),
  };
}

function maskServers(servers: Readonly<Record<string, McpServer>>): Record<string, McpServerView> {
  return mapped(servers, (server) => {
    if ("command" in server) {
      const { env, ...rest } = server;
      return { ...rest, ...(env === undefined ? {} : { env: mask(env) }) };
    }
    const { headers, ...rest } = server;
    return { ...rest, ...(headers === undefined ? {} : { headers: mask(headers) }) };
  });
}

function mask(secrets: Readonly<Record<string, string>>): Record<string, MaskedSecret> {
  return mapped(secrets, (secret) => ({ last: secret.length < minShownLength ? "" : secret.slice(-4) }));
}

function mapped<V, R>(record: Readonly<Record<string, V>>, map: (value: V) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
