/**
 * Under which names this server is reached. `Host` and `Origin` are compared as whole strings with what a browser sends
 * for these names (lower case, no trailing dot, the default port left out): whatever is spelled otherwise is not ours.
 * An exact `Host` is what stops DNS rebinding, an exact `Origin` what stops other pages.
 */
import { BlockList, isIPv6 } from "node:net";

export interface ServerNames {
  readonly hosts: ReadonlySet<string>;
  readonly origins: ReadonlySet<string>;
  /** The subset of `hosts` that only this machine can mean. */
  readonly loopback: ReadonlySet<string>;
}

export interface ServerNamesOptions {
  /** The address that the server is bound to, as the system tells it. */
  readonly address: string;
  readonly port: number;
  /** Further names, `name` or `name:port`, under which a proxy or a router makes it reachable. */
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

/** Fails with a plain `Error` that says what to set, when anybody on the network could come in. */
export function assertMayBind(host: string, token: string | undefined): void {
  if (isLoopbackHost(host) || token !== undefined) return;
  throw new Error(
    `Listening on ${host} lets other machines in, so a token is needed: set DECKHAND_TOKEN to at least 16 random ` +
      `characters (for example the output of \`openssl rand -hex 24\`), or leave HOST at 127.0.0.1.`,
  );
}

export function serverNames(options: ServerNamesOptions): ServerNames {
  const { address, port } = options;
  const hosts = new Set<string>();
  const origins = new Set<string>();
  const loopback = new Set<string>();
  const wildcard = address === "0.0.0.0" || address === "::";
  if (isLoopbackAddress(address) || wildcard) {
    for (const name of ["127.0.0.1", "localhost", "[::1]"]) add(loopback, origins, name, port);
  }
  if (!wildcard) add(isLoopbackAddress(address) ? loopback : hosts, origins, bracketed(address), port);
  for (const host of loopback) hosts.add(host);
  for (const name of options.hosts) addConfigured(hosts, origins, name.toLowerCase());
  return { hosts, origins, loopback };
}

/** An address as it stands in a URL. */
export function bracketed(address: string): string {
  return isIPv6(address) ? `[${address}]` : address;
}

function add(hosts: Set<string>, origins: Set<string>, name: string, port: number): void {
  hosts.add(`${name}:${port}`);
  origins.add(port === 80 ? `http://${name}` : `http://${name}:${port}`);
  if (port === 80) hosts.add(name);
}

/** The scheme of a configured name is not known: something in front of us may speak TLS. */
function addConfigured(hosts: Set<string>, origins: Set<string>, entry: string): void {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::(\d{1,5}))?$/.exec(entry);
  if (match === null) throw new Error(`DECKHAND_HOSTS: "${entry}" is neither a name nor name:port.`);
  const [, name = "", port] = match;
  hosts.add(entry);
  if (port === undefined || port === "80") origins.add(`http://${name}`);
  if (port === undefined || port === "443") origins.add(`https://${name}`);
  if (port === "80" || port === "443") hosts.add(name);
  else if (port !== undefined) for (const scheme of ["http", "https"]) origins.add(`${scheme}://${entry}`);
}
