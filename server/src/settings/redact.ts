/** What is saved, as it may be shown: of a key, a variable or a header only that it is there, and how it ends. */
import type { MaskedSecret, McpServer, McpServerView, ServerSettings, SettingsView } from "@deckhand/protocol";

/** Four of fewer characters than these would tell too much of it. */
const shownFrom = 12;

export function redacted({ keys, mcp, ...open }: ServerSettings): SettingsView {
  return {
    ...open,
    ...(keys === undefined ? {} : { keys: hiddenWords(keys) }),
    ...(mcp === undefined ? {} : { mcp: mcp.servers === undefined ? {} : { servers: shown(mcp.servers) } }),
  };
}

function shown(servers: Readonly<Record<string, McpServer>>): Record<string, McpServerView> {
  return mapped(servers, (server) => {
    if ("command" in server) {
      const { env, ...rest } = server;
      return { ...rest, ...(env === undefined ? {} : { env: hiddenWords(env) }) };
    }
    const { headers, ...rest } = server;
    return { ...rest, ...(headers === undefined ? {} : { headers: hiddenWords(headers) }) };
  });
}

function hiddenWords(words: Readonly<Record<string, string>>): Record<string, MaskedSecret> {
  return mapped(words, (secret) => ({ last: secret.length < shownFrom ? "" : secret.slice(-4) }));
}

function mapped<V, R>(record: Readonly<Record<string, V>>, map: (value: V) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
