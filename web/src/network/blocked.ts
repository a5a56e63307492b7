import { isAction, type Event, type RefusedHost } from "@deckhand/protocol";

export interface BlockedHost {
  /** The rule to pass to `allow_host`. */
  readonly rule: string;
  /** The most recent refusal. */
  readonly refusal: RefusedHost;
}

/** Only recent events count: hosts that were blocked long ago are no longer of interest. */
const maxEvents = 200;
const maxHosts = 5;

/** Hosts that were blocked and can be allowed, most recent first. */
export function blockedHosts(events: readonly Event[], allowed: readonly string[]): readonly BlockedHost[] {
  const found = new Map<string, BlockedHost>();
  for (const event of events.slice(-maxEvents).toReversed()) {
    if (isAction(event) || event.observation !== "run") continue;
    for (const refusal of event.extras.network?.refused ?? []) {
      const { rule } = refusal;
      if (rule === undefined || allowed.includes(rule) || found.has(rule) || found.size === maxHosts) continue;
      found.set(rule, { rule, refusal });
    }
  }
  return [...found.values()];
}
