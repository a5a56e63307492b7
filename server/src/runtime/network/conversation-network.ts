/**
 * The network of one conversation: a namespace while a sandbox runs, the proxy on its listener, and the connection log,
 * which outlives both.
 */
import type { Duplex } from "node:stream";
import { DeckhandError } from "@deckhand/protocol";
import { ConnectionLog } from "./proxy/connection-log.ts";
import { proxyPort, type Namespace, type NamespaceSource } from "./namespace.ts";
import type { Network, NetworkRecord, OpenPort, Refusal } from "./network.ts";
import { listeningPorts } from "./ports/listening-ports.ts";
import { PortConnector } from "./ports/port-connector.ts";
import { openProxy } from "./proxy/proxy.ts";
import { limitLookups, type Resolve } from "./proxy/reach.ts";
import { parseRule, type NetworkPolicy } from "./policy/rules.ts";
import type { Upstream } from "./proxy/upstream.ts";

export interface NetworkOptions {
  readonly policy: NetworkPolicy;
  readonly resolve: Resolve;
  readonly upstream: Upstream | undefined;
}

const maxConcurrentLookups = 4;

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
  /** A process in the namespace; /proc shows the network as that process sees it. */
  #insidePid: () => number | undefined = () => undefined;

  constructor(options: NetworkOptions, source: NamespaceSource) {
    this.#options = { ...options, resolve: limitLookups(options.resolve, maxConcurrentLookups) };
    this.#source = source;
    this.#log = new ConnectionLog(options.policy.mode);
  }

  /** `allowed` returns the current rules of the conversation and is called for each connection. */
  setAllowedHosts(allowed: () => readonly string[]): void {
    this.#allowed = allowed;
  }

  /** Command prefix that starts the sandbox in this network. Fails with `sandbox_unavailable`. */
  async enterArgv(): Promise<readonly string[]> {
    this.#open ??= this.#start();
    return (await this.#open).namespace.enterArgv;
  }

  /** `insidePid` finds a process in the sandbox while one runs. */
  setInsidePid(insidePid: () => number | undefined): void {
    this.#insidePid = insidePid;
  }

  record(): NetworkRecord {
    return this.#log.view();
  }

  takeRefused(): readonly Refusal[] {
    return this.#log.takeRefused();
  }

  ports(): readonly OpenPort[] {
    const pid = this.#insidePid();
    return pid === undefined ? [] : listeningPorts(pid).filter(({ port }) => port !== proxyPort);
  }

  async connect(port: number, signal: AbortSignal): Promise<Duplex> {
    const open = await this.#open;
    if (open === undefined || port === proxyPort) {
      throw new DeckhandError("port_closed", `Nothing listens on port ${port}.`);
    }
    return open.connector.connect(port, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const open = await this.#open?.catch(() => undefined);
    this.#open = undefined;
    this.#insidePid = () => undefined;
    open?.connector[Symbol.dispose]();
    open?.proxy[Symbol.dispose]();
    open?.namespace[Symbol.dispose]();
  }

  async #start(): Promise<Open> {
    try {
      const namespace = await this.#source.take();
      const conversationRules = () => this.#allowed().flatMap((text) => parseRule(text) ?? []);
      const proxy = openProxy(namespace.listener, { ...this.#options, conversationRules, log: this.#log });
      return { namespace, proxy, connector: new PortConnector(namespace.enterArgv) };
    } catch (error) {
      this.#open = undefined;
      const why = (error as Error).message;
      throw new DeckhandError(
        "sandbox_unavailable",
        `The sandbox network could not be created: ${why} DECKHAND_NETWORK=off runs commands without a network.`,
        { cause: error },
      );
    }
  }
}
