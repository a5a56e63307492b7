import { isAction, type Event } from "@deckhand/protocol";

/** What each job showed when it was looked at last, by its id. */
export function jobScreens(events: readonly Event[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const event of events) {
    if (isAction(event) || (event.observation !== "run" && event.observation !== "job")) continue;
    const id = event.extras.job?.id;
    if (id === undefined) continue;
    // Where it has a screen that is all; else what is new comes after what was told.
    const before = event.extras.screen === undefined ? (found.get(id) ?? "") : "";
    found.set(id, (before + event.content).slice(-maxChars));
  }
  return found;
}

const maxChars = 8000;
