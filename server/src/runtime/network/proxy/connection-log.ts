/**
 * Allowed and refused connections, for people to read. Limited in size, and without anything that could be a secret.
 */
import type { Socket } from "node:net";
import type { Target } from "../policy/host.ts";
import type { Connection, HostTotal, NetworkRecord, Refusal } from "../network.ts";
import type { NetworkMode } from "../policy/rules.ts";

const maxConnections = 200;
const maxHosts = 200;
/** Refused hosts that are reported per command. */
const maxRefused = 20;

type Total = { -readonly [K in keyof HostTotal]: HostTotal[K] };

export class ConnectionLog {
  readonly #mode: NetworkMode;
  readonly #now: () => number;
  readonly #closed: Connection[] = [];
  readonly #open = new Map<Socket, () => Connection>();
  readonly #hosts = new Map<string, Total>();
  readonly #refused = new Map<string, Refusal>();

  constructor(mode: NetworkMode, now: () => number = Date.now) {
    this.#mode = mode;
    this.#now = now;
  }

  /** Records a connection from now until the socket closes. */
  opened({ host, port }: Target, rule: string, socket: Socket): void {
    const startedMs = this.#now();
    const address = socket.remoteAddress ?? "";
    const snapshot = (open: boolean): Connection => ({
      host,
      port,
      address,
      rule,
      startedAt: new Date(startedMs).toISOString(),
      durationMs: this.#now() - startedMs,
      upBytes: socket.bytesWritten,
      downBytes: socket.bytesRead,
      open,
    });
    this.#open.set(socket, () => snapshot(true));
    this.#total(host).connections += 1;
    socket.once("close", () => {
      const final = snapshot(false);
      this.#open.delete(socket);
      this.#closed.push(final);
      if (this.#closed.length > maxConnections) this.#closed.shift();
      const total = this.#total(host);
      total.upBytes += final.upBytes;
      total.downBytes += final.downBytes;
    });
  }

  refused(refusal: Refusal): void {
    this.#total(refusal.host).refused += 1;
    if (this.#refused.size < maxRefused) {
      this.#refused.set(`${refusal.host} ${refusal.port} ${refusal.reason}`, refusal);
    }
  }

  takeRefused(): readonly Refusal[] {
    const refused = [...this.#refused.values()];
    this.#refused.clear();
    return refused;
  }

  view(): NetworkRecord {
    const open = [...this.#open.values()].map((snapshot) => snapshot());
    const hosts = new Map([...this.#hosts].map(([host, total]) => [host, { ...total }]));
    for (const { host, upBytes, downBytes } of open) {
      const total = hosts.get(host) ?? hosts.get("");
      if (total === undefined) continue;
      total.upBytes += upBytes;
      total.downBytes += downBytes;
    }
    return {
      mode: this.#mode,
      connections: [...this.#closed, ...open].toReversed().slice(0, maxConnections),
      hosts: [...hosts.values()].toSorted((a, b) => b.connections + b.refused - a.connections - a.refused),
    };
  }

  #total(host: string): Total {
    const key = this.#hosts.has(host) || this.#hosts.size < maxHosts ? host : "";
    const found = this.#hosts.get(key) ?? { host: key, connections: 0, refused: 0, upBytes: 0, downBytes: 0 };
    this.#hosts.set(key, found);
    return found;
  }
}
