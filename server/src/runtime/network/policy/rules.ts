/**
 * Rules for what commands can reach:
 *
 *   example.org        that host on ports 80 and 443
 *   *.example.org      all its subdomains, but not the host itself, on ports 80 and 443
 *   example.org:8443   that port only; this form also allows private addresses (`127.0.0.1:8080`)
 */
import { isIP } from "node:net";
import { defaultHosts } from "./default-hosts.ts";
import { canonicalHost, parseTarget, type Target } from "./host.ts";

export const networkModes = ["off", "allow", "on"] as const;
export type NetworkMode = (typeof networkModes)[number];

export interface NetworkRule {
  /** Canonical spelling of the rule. */
  readonly text: string;
  readonly host: string;
  /** Subdomains of `host`, not the host itself. */
  readonly subdomains: boolean;
  /** Undefined means 80 and 443. */
  readonly port: number | undefined;
}

export interface NetworkPolicy {
  readonly mode: NetworkMode;
  readonly rules: readonly NetworkRule[];
}

/** The rule that allows a connection. */
export interface Allowance {
  readonly rule: string;
  /** The rule names a port explicitly, so a private address is intended. */
  readonly mayBePrivate: boolean;
}

/** Undefined if the text is not a rule. `*` alone is not one: DECKHAND_NETWORK=on does that. */
export function parseRule(text: string): NetworkRule | undefined {
  const trimmed = text.trim();
  const subdomains = trimmed.startsWith("*.");
  const written = subdomains ? trimmed.slice(2) : trimmed;
  const target = parseTarget(written);
  const host = target?.host ?? canonicalHost(written);
  if (host === undefined || host.includes("*") || (subdomains && isIP(host) !== 0)) return undefined;
  const port = target?.port;
  const shown = `${subdomains ? "*." : ""}${host.includes(":") ? `[${host}]` : host}`;
  return { text: port === undefined ? shown : `${shown}:${port}`, host, subdomains, port };
}

/** Throws a plain `Error` that names the invalid rule. */
export function networkPolicy(mode: NetworkMode, allow: readonly string[]): NetworkPolicy {
  const rules = allow
    .flatMap((text) => (text === "default" ? defaultHosts : [text]))
    .map((text) => {
      const rule = parseRule(text);
      if (rule === undefined) {
        throw new Error(`DECKHAND_NETWORK_ALLOW: "${text}" is not a host, *.host or host:port.`);
      }
      return rule;
    });
  return { mode, rules };
}

/** Undefined if no rule allows the target. */
export function findRule(
  target: Target,
  policy: NetworkPolicy,
  conversationRules: readonly NetworkRule[],
): Allowance | undefined {
  if (policy.mode === "off") return undefined;
  const matching = [...policy.rules, ...conversationRules].filter((rule) => matches(rule, target));
  const best = matching.find(namesHostAndPort) ?? matching[0];
  if (best !== undefined) return { rule: best.text, mayBePrivate: namesHostAndPort(best) };
  return policy.mode === "on" ? { rule: "on", mayBePrivate: false } : undefined;
}

function matches({ host, subdomains, port }: NetworkRule, target: Target): boolean {
  const hostMatches = subdomains ? target.host.endsWith(`.${host}`) : target.host === host;
  return hostMatches && (port === undefined ? target.port === 80 || target.port === 443 : target.port === port);
}

function namesHostAndPort({ port, subdomains }: NetworkRule): boolean {
  return port !== undefined && !subdomains;
}
