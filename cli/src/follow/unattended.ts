/** Follows a conversation that nobody watches until it ends or has to be ended. */
import type { Client } from "@deckhand/client";
import { apply, emptyState, isAction, type ConversationState, type Event } from "@deckhand/protocol";
import { exitCodes, type ExitCode } from "../exit-codes.ts";
import { verdictOn, nudge } from "./verdict.ts";

export interface UnattendedEnd {
  readonly code: ExitCode;
  /** Why it ended, as a sentence; empty where that is plain. */
  readonly say: string;
  readonly state: ConversationState;
}

/** After a stop is asked for, the server has so long to say that it has stopped. */
const stopMs = 5_000;

/** `stop` aborts with "timeout", or with anything else for a person's word. */
export async function followUnattended(
  client: Client,
  id: string,
  onEvent: (event: Event) => void,
  stop: AbortSignal,
): Promise<UnattendedEnd> {
  const over = new AbortController();
  const stopAtServer = (): void => {
    client.send(id, "change_agent_state", { agent_state: "stopped" }).catch(() => {});
    setTimeout(() => over.abort(), stopMs).unref();
  };
  if (stop.aborted) stopAtServer();
  else stop.addEventListener("abort", stopAtServer, { once: true });

  let state = emptyState;
  let nudges = 0;
  try {
    for await (const item of client.follow(id, { signal: over.signal })) {
      if (item.type !== "event") continue;
      onEvent(item.event);
      state = apply(state, item.event);
      if (isAction(item.event) || item.event.observation !== "agent_state_changed") continue;
      const verdict = verdictOn(item.event.extras.agent_state, state, nudges);
      if (stop.aborted && verdict.type !== "ends") continue;
      switch (verdict.type) {
        case "goes_on":
          break;
        case "nudge":
          nudges += 1;
          await client.send(id, "message", { content: nudge });
          break;
        case "ends":
          if (stop.aborted) return stopped(stop, state);
          return { code: verdict.code, say: verdict.say, state };
      }
    }
    return stopped(stop, state);
  } finally {
    stop.removeEventListener("abort", stopAtServer);
  }
}

function stopped(stop: AbortSignal, state: ConversationState): UnattendedEnd {
  return stop.reason === "timeout"
    ? { code: exitCodes.stopped, say: "The time is over; the work was stopped.", state }
    : { code: exitCodes.interrupted, say: "Stopped.", state };
}
