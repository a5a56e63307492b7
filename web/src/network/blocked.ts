import { isAction, refusalSentence, type Event } from "@deckhand/protocol";

export interface BlockedHost {
  /** What `allow_host` takes. */
  readonly rule: string;
  /** Why it was refused, last. */
  readonly why: string;
}

/** Looked back over so many events: what was refused long ago is nobody's question any more. */
const maxEvents = 200;
const maxHosts = 5;

/** Hosts that commands tried in vain and that a person can allow, the last ones first. */
export function blockedHosts(events: readonly Event[], allowed: readonly string[]): readonly BlockedHost[] {
  const found = new Map<string, BlockedHost>();
  for (const event of events.slice(-maxEvents).toReversed()) {
    if (isAction(event) || event.observation !== "run") continue;
    for (const refusal of event.extras.network?.refused ?? []) {
      const { rule } = refusal;
      if (rule === undefined || allowed.includes(rule) || found.has(rule) || found.size === maxHosts) continue;
      found.set(rule, { rule, why: refusalSentence(refusal) });
    }
  }
  return [...found.values()];
}
