/**
 * Every outgoing connection is made here: find a rule, resolve the name, check all addresses, connect to exactly those.
 * The name is resolved once, by the server, so a hostile name server gets no chance to give a second, different answer.
 */
import { lookup } from "node:dns/promises";
import { isIP, Socket, type LookupFunction } from "node:net";
import { withTimeout } from "../../../async/abortable.ts";
import { Semaphore } from "../../../async/semaphore.ts";
import { isClosedAddress } from "../policy/addresses.ts";
import { targetText, type Target } from "../policy/host.ts";
import type { Refusal } from "../network.ts";
import { findRule, type NetworkPolicy, type NetworkRule } from "../policy/rules.ts";
import type { Upstream } from "./upstream.ts";

/** Resolves a name; fails if it has no address. */
export type Resolve = (host: string) => Promise<readonly { readonly address: string; readonly family: number }[]>;

export const systemResolve: Resolve = (host) => lookup(host, { all: true });

/**
 * Limits concurrent lookups: the system resolver has two threads for all conversations, and a name server may be slow
 * on purpose.
 */
export function limitLookups(resolve: Resolve, maxConcurrent: number): Resolve {
  const lookups = new Semaphore(maxConcurrent);
  return (host) => lookups.run(() => resolve(host));
}

export interface ReachOptions {
  readonly policy: NetworkPolicy;
  /** Rules that a person has added for this conversation. */
  readonly conversationRules: () => readonly NetworkRule[];
  readonly resolve: Resolve;
  /** The proxy that the server itself has to use, if any. */
  readonly upstream: Upstream | undefined;
}

export type Reached =
  | { readonly type: "connected"; readonly socket: Socket; readonly rule: string; readonly upstream?: Upstream }
  | { readonly type: "refused"; readonly refusal: Refusal }
  /** Allowed, but the connection failed. */
  | { readonly type: "failed"; readonly why: string };

const resolveMs = 10_000;
const connectMs = 15_000;

/** `plain`: an HTTP request without a tunnel follows, so an upstream proxy gets no CONNECT. */
export async function reach(target: Target, plain: boolean, options: ReachOptions): Promise<Reached> {
  const allowance = findRule(target, options.policy, options.conversationRules());
  if (allowance === undefined) {
    return refused(
      target,
      "not_listed",
      isIP(target.host) === 0 && isDefaultPort(target) ? target.host : targetText(target),
    );
  }
  const { rule, mayBePrivate } = allowance;
  try {
    const addresses = await resolveHost(target.host, options);
    const closed = addresses?.some(({ address }) => isClosedAddress(address)) ?? false;
    // One public address among private ones proves nothing.
    if (closed && !mayBePrivate) return refused(target, "private_address", targetText(target));
    if (options.upstream === undefined || closed) {
      if (addresses === undefined || addresses.length === 0) return failed(`${target.host} has no address`);
      return { type: "connected", rule, socket: await whenConnected(connectPinned(target, addresses)) };
    }
    const socket = await whenConnected(
      new Socket({ allowHalfOpen: true }).connect(options.upstream.port, options.upstream.host),
    );
    if (plain) return { type: "connected", rule, socket, upstream: options.upstream };
    await options.upstream.tunnel(socket, target, AbortSignal.timeout(connectMs));
    return { type: "connected", rule, socket };
  } catch (error) {
    return failed((error as Error).message);
  }
}

/** Undefined if only the upstream proxy may be able to resolve the name. */
async function resolveHost(
  host: string,
  { resolve, upstream }: ReachOptions,
): Promise<Awaited<ReturnType<Resolve>> | undefined> {
  const family = isIP(host);
  if (family !== 0) return [{ address: host, family }];
  try {
    return await withTimeout(resolve(host), resolveMs, () => {
      throw new Error(`resolving ${host} timed out`);
    });
  } catch (error) {
    if (upstream !== undefined) return undefined;
    throw error;
  }
}

/** Connects to the checked addresses without another lookup. */
function connectPinned({ host, port }: Target, addresses: Awaited<ReturnType<Resolve>>): Socket {
  const pinned: LookupFunction = (_host, options, callback) =>
    options.all === true
      ? callback(null, [...addresses])
      : callback(null, addresses[0]?.address ?? "", addresses[0]?.family ?? 4);
  return new Socket({ allowHalfOpen: true }).connect({ host, port, lookup: pinned, autoSelectFamily: true });
}

function whenConnected(socket: Socket): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => socket.destroy(new Error("connecting timed out")), connectMs);
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.off("error", reject);
      resolve(socket);
    });
    socket.once("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}

function isDefaultPort({ port }: Target): boolean {
  return port === 80 || port === 443;
}

function refused({ host, port }: Target, reason: Refusal["reason"], rule: string): Reached {
  return { type: "refused", refusal: { host, port, reason, rule } };
}

function failed(why: string): Reached {
  return { type: "failed", why };
}
