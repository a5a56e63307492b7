/**
 * What may be reached. A rule is
 *
 *   example.org        that host, ports 80 and 443
 *   *.example.org      every host below it, not itself, ports 80 and 443
 *   example.org:8443   that port; written so, also where the address is a private one (`127.0.0.1:8080`)
 */
import { isIP } from "node:net";
import { defaultHosts } from "./default-hosts.ts";
import { canonicalHost, parseTarget, type Target } from "./host.ts";

export const networkModes = ["off", "allow", "on"] as const;
export type NetworkMode = (typeof networkModes)[number];

export interface NetworkRule {
  /** As it was written, in canonical spelling. */
  readonly text: string;
  readonly host: string;
  /** Hosts below `host`, not itself. */
  readonly below: boolean;
  /** Undefined: 80 and 443. */
  readonly port: number | undefined;
}

export interface NetworkPolicy {
  readonly mode: NetworkMode;
  readonly rules: readonly NetworkRule[];
}

/** Why something is let through. */
export interface Allowance {
  readonly rule: string;
  /** A private address is what was meant. */
  readonly mayBePrivate: boolean;
}

/** Undefined for what is no rule; `*` alone is none, because DECKHAND_NETWORK=on says that. */
export function parseRule(text: string): NetworkRule | undefined {
  const trimmed = text.trim();
  const below = trimmed.startsWith("*.");
  const written = below ? trimmed.slice(2) : trimmed;
  const target = parseTarget(written);
  const host = target?.host ?? canonicalHost(written);
  if (host === undefined || host.includes("*") || (below && isIP(host) !== 0)) return undefined;
  const port = target?.port;
  const shown = `${below ? "*." : ""}${host.includes(":") ? `[${host}]` : host}`;
  return { text: port === undefined ? shown : `${shown}:${port}`, host, below, port };
}

/** Fails with a plain `Error` that names what is no rule. */
export function networkPolicy(mode: NetworkMode, allow: readonly string[]): NetworkPolicy {
  const rules = allow
    .flatMap((text) => (text === "default" ? defaultHosts : [text]))
    .map((text) => {
      const rule = parseRule(text);
      if (rule === undefined)
        throw new Error(`DECKHAND_NETWORK_ALLOW: "${text}" is neither a host, *.host nor host:port.`);
      return rule;
    });
  return { mode, rules };
}

export function findRule(
  target: Target,
  policy: NetworkPolicy,
  further: readonly NetworkRule[],
): Allowance | undefined {
  if (policy.mode === "off") return undefined;
  const fitting = [...policy.rules, ...further].filter((rule) => fits(rule, target));
  const best = fitting.find(meansPort) ?? fitting[0];
  if (best !== undefined) return { rule: best.text, mayBePrivate: meansPort(best) };
  return policy.mode === "on" ? { rule: "on", mayBePrivate: false } : undefined;
}

function fits({ host, below, port }: NetworkRule, target: Target): boolean {
  const named = below ? target.host.endsWith(`.${host}`) : target.host === host;
  return named && (port === undefined ? target.port === 80 || target.port === 443 : target.port === port);
}

function meansPort({ port, below }: NetworkRule): boolean {
  return port !== undefined && !below;
}
