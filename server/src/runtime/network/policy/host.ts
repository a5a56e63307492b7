/**
 * One canonical spelling per host: rules are compared with the host that is connected to, so two spellings must not
 * count as two hosts. Uses the WHATWG URL parser, as browsers and fetch do: lower case, IDNA, and numbers (0x7f.1,
 * 2130706433) as addresses.
 */
import { isIPv6 } from "node:net";

export interface Target {
  /** Canonical; an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
}

/** Excludes characters, NUL among them, that a URL parser would drop or take for the end of the host. */
// oxlint-disable-next-line no-control-regex -- control characters are what must be excluded
const plain = /^(?:\[[0-9a-f:.]+\]|[^\0-\x20\x7f#%/:?@[\\\]<>^|]+)$/i;
const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/;

/** Undefined if the text is not a valid host. */
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

/** Parses the `host:port` of CONNECT (RFC 9110, 9.3.6); IPv6 as in `[::1]:443`. Undefined if invalid. */
export function parseTarget(text: string): Target | undefined {
  const [, written, port] = /^(.+):(\d{1,5})$/s.exec(text) ?? [];
  const host = canonicalHost(written ?? "");
  const number = Number(port);
  return host === undefined || number < 1 || number > 65_535 ? undefined : { host, port: number };
}

/** `host:port`, with brackets around an IPv6 address. */
export function targetText({ host, port }: Target): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}
