import { isAction, type Event } from "../wire/event.ts";
import type { Delta } from "../wire/frames.ts";

/** The streams that end with this event: it has their text whole, or it says that the model starts over or rests. */
export function endedStreams(event: Event): readonly Delta["of"][] {
  if (isAction(event)) return [];
  if (event.observation === "reply" || event.observation === "status" || event.observation === "agent_state_changed") {
    return ["reply", "reasoning"];
  }
  return event.cause === undefined ? [] : [event.cause];
}
