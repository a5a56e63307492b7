/**
 * One spelling for every host: a rule is compared with what will be connected to, so two ways to write a host must not be two hosts.
 * The parser is the WHATWG URL's, which every browser and fetch uses: lower case, IDNA, and numbers (0x7f.1, 2130706433) as addresses.
 */
import { isIPv6 } from "node:net";

export interface Target {
  /** Canonical; an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
}

/** What a URL parser would take for the end of the host or throw away, NUL among it. */
// oxlint-disable-next-line no-control-regex -- they are what it is about
const plain = /^(?:\[[0-9a-f:.]+\]|[^\0-\x20\x7f#%/:?@[\\\]<>^|]+)$/i;
const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/;

/** Undefined for what is no host. */
export function canonicalHost(text: string): string | undefined {
  if (text.length > 255) return undefined;
  const written = isIPv6(text) ? `[${text}]` : text;
  if (!plain.test(written)) return undefined;
  const parsed = URL.parse(`http://${written}/`)?.hostname;
  if (parsed === undefined) return undefined;
  const host = parsed.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  if (host === "" || host.startsWith(".") || host.endsWith(".") || host.includes("..")) return undefined;
  const [, high, low] = mapped.exec(host) ?? [];
  if (high === undefined || low === undefined) return host;
  const number = (Number.parseInt(high, 16) << 16) | Number.parseInt(low, 16);
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join(".");
}

/** `host:port`, as CONNECT names it (RFC 9110, 9.3.6); `[::1]:443` for an IPv6 address. */
export function parseTarget(text: string): Target | undefined {
  const [, written, port] = /^(.+):(\d{1,5})$/s.exec(text) ?? [];
  const host = canonicalHost(written ?? "");
  const number = Number(port);
  return host === undefined || number < 1 || number > 65_535 ? undefined : { host, port: number };
}

/** As a person would write it. */
export function targetText({ host, port }: Target): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}
