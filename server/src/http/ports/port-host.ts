/**
 * Under which names what listens in a conversation's sandbox is opened. It is the agent's program, and hostile: so each port has a
 * host of its own, `8000--6f1c….localhost:3000`, which to a browser is an origin of its own, with its own cookies and storage. Browsers
 * resolve what is below `localhost` to this machine (RFC 6761, 6.3); under a configured name its owner's DNS has to.
 */
import { isIP } from "node:net";

export interface SandboxPort {
  readonly conversation: string;
  readonly port: number;
}

export interface PortHost extends SandboxPort {
  /** The host below which it is, with its port: `localhost:3000`. */
  readonly base: string;
}

/** RFC 1035, 2.3.4. */
const longestLabel = 63;
const label = /^(\d{1,5})--([a-z0-9][a-z0-9-]*)$/;

/** Undefined for every other host. */
export function parsePortHost(host: string): PortHost | undefined {
  const dot = host.indexOf(".");
  const [, port, conversation] = label.exec(host.slice(0, Math.max(dot, 0))) ?? [];
  if (conversation === undefined || !isPort(Number(port))) return undefined;
  return { port: Number(port), conversation, base: host.slice(dot + 1) };
}

/** Below which host the ports of a page that was reached as `host` are; undefined where there is none (an address that is not loopback). */
export function baseHost(host: string): string | undefined {
  const [, name = "", suffix = ""] = /^(.*?)(:\d+)?$/.exec(host) ?? [];
  const base = name === "127.0.0.1" || name === "[::1]" ? "localhost" : name;
  return base === "" || base.startsWith("[") || isIP(base) !== 0 ? undefined : `${base}${suffix}`;
}

/** The origins of the pages that show ports below that host in a frame: our own. */
export function uiOrigins(base: string): readonly string[] {
  const [, suffix] = /^localhost(:\d+)?$/.exec(base) ?? [undefined, undefined];
  const isLocal = base === "localhost" || suffix !== undefined;
  const names = isLocal ? ["localhost", "127.0.0.1"].map((name) => `${name}${suffix ?? ""}`) : [base];
  // A policy has no IPv6 addresses. Something in front of us may speak TLS.
  return names.flatMap((name) => [`http://${name}`, `https://${name}`]);
}

/** The host for a page that was reached as `host`; undefined where there is none (an address that is not loopback, an id that is no label). */
export function portHost({ conversation, port }: SandboxPort, host: string): string | undefined {
  const base = baseHost(host);
  const first = `${port}--${conversation}`;
  if (base === undefined || !label.test(first) || first.length > longestLabel) return undefined;
  return `${first}.${base}`;
}

/** `/c/6f1c…/port/8000/path`: for programs. */
export function parsePortPath(
  url: string,
): (SandboxPort & { readonly prefix: string; readonly path: string }) | undefined {
  const [, prefix = "", conversation = "", port, path = ""] =
    /^(\/c\/([\w-]+)\/port\/(\d{1,5}))(\/.*)$/s.exec(url) ?? [];
  return isPort(Number(port)) ? { conversation, port: Number(port), prefix, path } : undefined;
}

export function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65_535;
}
