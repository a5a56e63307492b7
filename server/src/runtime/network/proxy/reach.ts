/**
 * The one way out: rule, then name to addresses, then every address looked at, then a connection to what was looked at. The name is
 * resolved once, by the server; a second answer of a hostile name server is never asked for.
 */
import { lookup } from "node:dns/promises";
import { isIP, Socket, type LookupFunction } from "node:net";
import { isClosedAddress } from "../policy/addresses.ts";
import { targetText, type Target } from "../policy/host.ts";
import type { Refusal } from "../network.ts";
import { findRule, type NetworkPolicy, type NetworkRule } from "../policy/rules.ts";
import type { Upstream } from "./upstream.ts";

/** The addresses of a name; fails where it has none. */
export type Resolve = (host: string) => Promise<readonly { readonly address: string; readonly family: number }[]>;

export const systemResolve: Resolve = (host) => lookup(host, { all: true });

/**
 * At most so many at once, the others wait: the system's resolver has two threads for all conversations, and a name server may
 * take its time on purpose.
 */
export function fewAtOnce(resolve: Resolve, most: number): Resolve {
  let busy = 0;
  const waiting: (() => void)[] = [];
  return async (host) => {
    if (busy >= most) await new Promise<void>((go) => waiting.push(go));
    else busy += 1;
    try {
      return await resolve(host);
    } finally {
      const next = waiting.shift();
      if (next === undefined) busy -= 1;
      else next();
    }
  };
}

export interface ReachOptions {
  readonly policy: NetworkPolicy;
  /** What a person has allowed for this conversation. */
  readonly conversationRules: () => readonly NetworkRule[];
  readonly resolve: Resolve;
  /** The server's own way out, where it has to use one. */
  readonly upstream: Upstream | undefined;
}

export type Reached =
  | { readonly is: "reached"; readonly socket: Socket; readonly rule: string; readonly upstream?: Upstream }
  | { readonly is: "refused"; readonly refusal: Refusal }
  /** Allowed, and not there. */
  | { readonly is: "failed"; readonly why: string };

const resolveMs = 10_000;
const connectMs = 15_000;

/** `plain`: what follows is HTTP without a tunnel, which an upstream proxy is told about otherwise than of a tunnel. */
export async function reach(target: Target, plain: boolean, options: ReachOptions): Promise<Reached> {
  const allowed = findRule(target, options.policy, options.conversationRules());
  if (allowed === undefined) {
    return refused(target, "not_listed", isIP(target.host) === 0 && isUsual(target) ? target.host : targetText(target));
  }
  const { rule, mayBePrivate } = allowed;
  try {
    const addresses = await resolved(target.host, options);
    const closed = addresses?.some(({ address }) => isClosedAddress(address)) ?? false;
    // One open address among closed ones proves nothing.
    if (closed && !mayBePrivate) return refused(target, "private_address", targetText(target));
    if (options.upstream === undefined || closed) {
      if (addresses === undefined || addresses.length === 0) return failed(`${target.host} has no address`);
      return { is: "reached", rule, socket: await connected(pinned(target, addresses)) };
    }
    const socket = await connected(
      new Socket({ allowHalfOpen: true }).connect(options.upstream.port, options.upstream.host),
    );
    if (plain) return { is: "reached", rule, socket, upstream: options.upstream };
    await options.upstream.tunnel(socket, target, AbortSignal.timeout(connectMs));
    return { is: "reached", rule, socket };
  } catch (error) {
    return failed((error as Error).message);
  }
}

/** Undefined where only the upstream proxy can know the name. */
async function resolved(
  host: string,
  { resolve, upstream }: ReachOptions,
): Promise<Awaited<ReturnType<Resolve>> | undefined> {
  const family = isIP(host);
  if (family !== 0) return [{ address: host, family }];
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`${host} was not resolved in time`)), resolveMs);
  try {
    return await Promise.race([resolve(host), late.promise]);
  } catch (error) {
    if (upstream !== undefined) return undefined;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Connects to what was looked at, and to nothing that a second look-up would say. */
function pinned({ host, port }: Target, addresses: Awaited<ReturnType<Resolve>>): Socket {
  const known: LookupFunction = (_host, options, callback) =>
    options.all === true
      ? callback(null, [...addresses])
      : callback(null, addresses[0]?.address ?? "", addresses[0]?.family ?? 4);
  return new Socket({ allowHalfOpen: true }).connect({ host, port, lookup: known, autoSelectFamily: true });
}

function connected(socket: Socket): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => socket.destroy(new Error("no connection in time")), connectMs);
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

function isUsual({ port }: Target): boolean {
  return port === 80 || port === 443;
}

function refused({ host, port }: Target, reason: Refusal["reason"], rule: string): Reached {
  return { is: "refused", refusal: { host, port, reason, rule } };
}

function failed(why: string): Reached {
  return { is: "failed", why };
}
