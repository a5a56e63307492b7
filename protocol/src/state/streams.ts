import { isAction, type Event } from "../wire/event.ts";
import type { Delta } from "../wire/frames.ts";

/** The streams that an event ends: it has their full text, or the model starts over or stops. */
export function endedStreams(event: Event): readonly Delta["of"][] {
  if (isAction(event)) return [];
  if (event.observation === "reply" || event.observation === "status" || event.observation === "agent_state_changed") {
    return ["reply", "reasoning"];
  }
  return event.cause === undefined ? [] : [event.cause];
}
