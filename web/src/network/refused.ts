import { isAction, refusalSentence, type Event } from "@deckhand/protocol";

export interface RefusedHost {
  /** What `allow_host` takes. */
  readonly rule: string;
  /** Why it was refused, last. */
  readonly why: string;
}

/** Looked back over so many events: what was refused long ago is nobody's question any more. */
const lookBack = 200;
const most = 5;

/** Hosts that commands tried in vain and that a person can allow, the last ones first. */
export function refusedHosts(events: readonly Event[], allowed: readonly string[]): readonly RefusedHost[] {
  const found = new Map<string, RefusedHost>();
  for (const event of events.slice(-lookBack).toReversed()) {
    if (isAction(event) || event.observation !== "run") continue;
    for (const refusal of event.extras.network?.refused ?? []) {
      const { rule } = refusal;
      if (rule === undefined || allowed.includes(rule) || found.has(rule) || found.size === most) continue;
      found.set(rule, { rule, why: refusalSentence(refusal) });
    }
  }
  return [...found.values()];
}
