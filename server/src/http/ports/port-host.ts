/**
 * Host names for ports inside a conversation's sandbox. The program behind a port is the agent's and may be hostile, so
 * each port has its own host, `8000--6f1c….localhost:3000`. To a browser that is a separate origin with its own cookies
 * and storage. Browsers resolve names below `localhost` to this machine (RFC 6761, 6.3); below a configured name, its
 * owner's DNS has to.
 */
import { isIP } from "node:net";

export interface SandboxPort {
  readonly conversation: string;
  readonly port: number;
}

export interface PortHost extends SandboxPort {
  /** The parent host with its port: `localhost:3000`. */
  readonly base: string;
}

/** RFC 1035, 2.3.4. */
const maxLabelLength = 63;
const label = /^(\d{1,5})--([a-z0-9][a-z0-9-]*)$/;

/** Undefined if the host does not name a sandbox port. */
export function parsePortHost(host: string): PortHost | undefined {
  const dot = host.indexOf(".");
  const [, port, conversation] = label.exec(host.slice(0, Math.max(dot, 0))) ?? [];
  if (conversation === undefined || !isPort(Number(port))) return undefined;
  return { port: Number(port), conversation, base: host.slice(dot + 1) };
}

/** The parent host of ports for a UI reached as `host`; undefined for an address that is not loopback. */
export function baseHost(host: string): string | undefined {
  const [, name = "", suffix = ""] = /^(.*?)(:\d+)?$/.exec(host) ?? [];
  const base = name === "127.0.0.1" || name === "[::1]" ? "localhost" : name;
  return base === "" || base.startsWith("[") || isIP(base) !== 0 ? undefined : `${base}${suffix}`;
}

/** The UI's origins, which may show ports below `base` in frames. */
export function uiOrigins(base: string): readonly string[] {
  const [, suffix] = /^localhost(:\d+)?$/.exec(base) ?? [undefined, undefined];
  const isLocal = base === "localhost" || suffix !== undefined;
  const names = isLocal ? ["localhost", "127.0.0.1"].map((name) => `${name}${suffix ?? ""}`) : [base];
  // IPv6 addresses are not allowed in a policy. A proxy in front of the server may terminate TLS.
  return names.flatMap((name) => [`http://${name}`, `https://${name}`]);
}

/**
 * The port's own host for a UI reached as `host`; undefined for an address that is not loopback, or a conversation id
 * that is not a valid DNS label.
 */
export function portHost({ conversation, port }: SandboxPort, host: string): string | undefined {
  const base = baseHost(host);
  const first = `${port}--${conversation}`;
  if (base === undefined || !label.test(first) || first.length > maxLabelLength) return undefined;
  return `${first}.${base}`;
}

/** `/c/6f1c…/port/8000/path`, the form for programs. */
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
