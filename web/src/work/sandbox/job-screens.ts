import { isAction, type Event } from "@deckhand/protocol";

/** The latest output of each background process, by id. */
export function jobScreens(events: readonly Event[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const event of events) {
    if (isAction(event) || (event.observation !== "run" && event.observation !== "job")) continue;
    const id = event.extras.job?.id;
    if (id === undefined) continue;
    // A screen replaces the previous one; plain output is appended.
    const before = event.extras.screen === undefined ? (found.get(id) ?? "") : "";
    found.set(id, (before + event.content).slice(-maxChars));
  }
  return found;
}

const maxChars = 8000;
