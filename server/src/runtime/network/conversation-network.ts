/** The network of one conversation: a namespace while a sandbox runs, the proxy at its door, and what went through, which outlives both. */
import type { Duplex } from "node:stream";
import { DeckhandError } from "@deckhand/protocol";
import { ConnectionLog } from "./proxy/connection-log.ts";
import type { Namespace, NamespaceSource } from "./namespace.ts";
import { proxyPort } from "./namespace.ts";
import type { Network, NetworkRecord, OpenPort, Refusal } from "./network.ts";
import { listeningPorts } from "./ports/listening-ports.ts";
import { PortConnector } from "./ports/port-connector.ts";
import { openProxy } from "./proxy/proxy.ts";
import { fewAtOnce, type Resolve } from "./proxy/reach.ts";
import { parseRule, type NetworkPolicy } from "./policy/rules.ts";
import type { Upstream } from "./proxy/upstream.ts";

export interface NetworkOptions {
  readonly policy: NetworkPolicy;
  readonly resolve: Resolve;
  readonly upstream: Upstream | undefined;
}

const resolvesAtOnce = 4;

interface Open {
  readonly namespace: Namespace;
  readonly proxy: Disposable;
  readonly connector: PortConnector;
}

export class ConversationNetwork implements Network, AsyncDisposable {
  readonly #options: NetworkOptions;
  readonly #log: ConnectionLog;
  readonly #source: NamespaceSource;
  #allowed: () => readonly string[] = () => [];
  #open: Promise<Open> | undefined;
  /** A process in the namespace, whose view of it /proc shows. */
  #inside: () => number | undefined = () => undefined;

  constructor(options: NetworkOptions, source: NamespaceSource) {
    this.#options = { ...options, resolve: fewAtOnce(options.resolve, resolvesAtOnce) };
    this.#source = source;
    this.#log = new ConnectionLog(options.policy.mode);
  }

  /** `allowed` gives the rules of the conversation as they are at each connection. */
  allowHosts(allowed: () => readonly string[]): void {
    this.#allowed = allowed;
  }

  /** What goes in front of the wall's command. Fails with `sandbox_unavailable`. */
  async enterArgv(): Promise<readonly string[]> {
    this.#open ??= this.#opened();
    return (await this.#open).namespace.enterArgv;
  }

  /** Is told how to find a process inside. */
  setInsidePid(inside: () => number | undefined): void {
    this.#inside = inside;
  }

  record(): NetworkRecord {
    return this.#log.view();
  }

  takeRefused(): readonly Refusal[] {
    return this.#log.takeRefused();
  }

  ports(): readonly OpenPort[] {
    const pid = this.#inside();
    return pid === undefined ? [] : listeningPorts(pid).filter(({ port }) => port !== proxyPort);
  }

  async connect(port: number, signal: AbortSignal): Promise<Duplex> {
    const open = await this.#open;
    if (open === undefined || port === proxyPort)
      throw new DeckhandError("port_closed", `Nothing listens on port ${port}.`);
    return open.connector.connect(port, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const open = await this.#open?.catch(() => undefined);
    this.#open = undefined;
    this.#inside = () => undefined;
    open?.connector[Symbol.dispose]();
    open?.proxy[Symbol.dispose]();
    open?.namespace[Symbol.dispose]();
  }

  async #opened(): Promise<Open> {
    try {
      const namespace = await this.#source.take();
      const further = () => this.#allowed().flatMap((text) => parseRule(text) ?? []);
      const proxy = openProxy(namespace.listener, { ...this.#options, conversationRules: further, log: this.#log });
      return { namespace, proxy, connector: new PortConnector(namespace.enterArgv) };
    } catch (error) {
      this.#open = undefined;
      const why = (error as Error).message;
      throw new DeckhandError(
        "sandbox_unavailable",
        `No network could be made for the sandbox: ${why} DECKHAND_NETWORK=off runs commands without one.`,
        { cause: error },
      );
    }
  }
}
