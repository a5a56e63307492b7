/**
 * The names under which this server is reachable. `Host` and `Origin` are compared as whole strings with what a browser
 * sends for these names (lower case, no trailing dot, default port omitted); any other spelling is refused. An exact
 * `Host` stops DNS rebinding, an exact `Origin` stops pages of other sites.
 */
import { BlockList, isIPv6 } from "node:net";

export interface ServerNames {
  readonly hosts: ReadonlySet<string>;
  readonly origins: ReadonlySet<string>;
  /** The subset of `hosts` that can only mean this machine. */
  readonly loopback: ReadonlySet<string>;
}

export interface ServerNamesOptions {
  /** The address that the server is bound to, as the operating system reports it. */
  readonly address: string;
  readonly port: number;
  /** Additional names, `name` or `name:port`, under which a proxy or router makes the server reachable. */
  readonly hosts: readonly string[];
}

const loopbackAddresses = new BlockList();
loopbackAddresses.addSubnet("127.0.0.0", 8, "ipv4");
loopbackAddresses.addAddress("::1", "ipv6");
loopbackAddresses.addSubnet("::ffff:127.0.0.0", 104, "ipv6");

export function isLoopbackAddress(address: string): boolean {
  return loopbackAddresses.check(address, isIPv6(address) ? "ipv6" : "ipv4");
}

export function isLoopbackHost(host: string): boolean {
  return host === "localhost" || isLoopbackAddress(host);
}

/** Fails with a plain `Error` that says what to set if anyone on the network would have access. */
export function assertMayBind(host: string, token: string | undefined): void {
  if (isLoopbackHost(host) || token !== undefined) return;
  throw new Error(
    `Listening on ${host} makes the server reachable from other machines, so a token is required: set DECKHAND_TOKEN ` +
      `to at least 16 random characters (for example the output of \`openssl rand -hex 24\`), or keep HOST at 127.0.0.1.`,
  );
}

export function serverNames(options: ServerNamesOptions): ServerNames {
  const { address, port } = options;
  const hosts = new Set<string>();
  const origins = new Set<string>();
  const loopback = new Set<string>();
  const isWildcard = address === "0.0.0.0" || address === "::";
  if (isLoopbackAddress(address) || isWildcard) {
    for (const name of ["127.0.0.1", "localhost", "[::1]"]) add(loopback, origins, name, port);
  }
  if (!isWildcard) add(isLoopbackAddress(address) ? loopback : hosts, origins, bracketed(address), port);
  for (const host of loopback) hosts.add(host);
  for (const name of options.hosts) addConfigured(hosts, origins, name.toLowerCase());
  return { hosts, origins, loopback };
}

/** An address as it appears in a URL. */
export function bracketed(address: string): string {
  return isIPv6(address) ? `[${address}]` : address;
}

function add(hosts: Set<string>, origins: Set<string>, name: string, port: number): void {
  hosts.add(`${name}:${port}`);
  origins.add(port === 80 ? `http://${name}` : `http://${name}:${port}`);
  if (port === 80) hosts.add(name);
}

/** The scheme of a configured name is unknown, because a proxy in front of the server may terminate TLS. */
function addConfigured(hosts: Set<string>, origins: Set<string>, entry: string): void {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::(\d{1,5}))?$/.exec(entry);
  if (match === null) throw new Error(`DECKHAND_HOSTS: "${entry}" must be a host name or name:port.`);
  const [, name = "", port] = match;
  hosts.add(entry);
  if (port === undefined || port === "80") origins.add(`http://${name}`);
  if (port === undefined || port === "443") origins.add(`https://${name}`);
  if (port === "80" || port === "443") hosts.add(name);
  else if (port !== undefined) for (const scheme of ["http", "https"]) origins.add(`${scheme}://${entry}`);
}
