/** Follows a conversation that runs unattended, until it ends or has to be stopped. */
import type { Client } from "@deckhand/client";
import { apply, emptyState, isAction, type ConversationState, type Event } from "@deckhand/protocol";
import { exitCodes, type ExitCode } from "../exit-codes.ts";
import { verdictOn, nudge } from "./verdict.ts";

export interface UnattendedEnd {
  readonly code: ExitCode;
  /** Why it ended, as a sentence; empty if it finished. */
  readonly reason: string;
  readonly state: ConversationState;
}

/** How long the server may take to confirm a stop. */
const stopMs = 5_000;

/** `stop` aborts with "timeout", or with any other reason if a person stops the work. */
export async function followUnattended(
  client: Client,
  id: string,
  onEvent: (event: Event) => void,
  stop: AbortSignal,
): Promise<UnattendedEnd> {
  const stopOverdue = new AbortController();
  const stopAtServer = (): void => {
    client.send(id, "change_agent_state", { agent_state: "stopped" }).catch(() => {});
    setTimeout(() => stopOverdue.abort(), stopMs).unref();
  };
  if (stop.aborted) stopAtServer();
  else stop.addEventListener("abort", stopAtServer, { once: true });

  let state = emptyState;
  let nudges = 0;
  try {
    for await (const item of client.follow(id, { signal: stopOverdue.signal })) {
      if (item.type !== "event") continue;
      onEvent(item.event);
      state = apply(state, item.event);
      if (isAction(item.event) || item.event.observation !== "agent_state_changed") continue;
      const verdict = verdictOn(item.event.extras.agent_state, state, nudges);
      if (stop.aborted && verdict.type !== "end") continue;
      switch (verdict.type) {
        case "continue":
          break;
        case "nudge":
          nudges += 1;
          await client.send(id, "message", { content: nudge });
          break;
        case "end":
          if (stop.aborted) return stopped(stop, state);
          return { code: verdict.code, reason: verdict.reason, state };
      }
    }
    return stopped(stop, state);
  } finally {
    stop.removeEventListener("abort", stopAtServer);
  }
}

function stopped(stop: AbortSignal, state: ConversationState): UnattendedEnd {
  return stop.reason === "timeout"
    ? { code: exitCodes.stopped, reason: "Timeout reached; the work was stopped.", state }
    : { code: exitCodes.interrupted, reason: "Stopped.", state };
}
