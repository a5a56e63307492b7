/** What is stored for the calls of a reply, in one commit each time. */
import { isWorking, stateChange, type NewEvent } from "@deckhand/protocol";
import type { TurnOutput } from "../turn-types.ts";

/** Stands for the id of a reply that is stored in the same commit. */
export const unknownReply = -1;

/**
 * Stores the reply, if it is not in the log yet, and the actions made for it. If the work was paused in the meantime,
 * only the reply is stored: its calls stay pending and are prepared again later. If the work was ended, nothing is
 * stored.
 */
export function commitActions(reply: NewEvent | null, actions: (firstId: number) => readonly NewEvent[]): TurnOutput {
  return {
    type: "events",
    events: (firstId, { agentState }) => {
      const before = reply === null ? [] : [reply];
      if (!isWorking(agentState)) return agentState === "paused" ? before : [];
      return [...before, ...actions(firstId + before.length).map((event) => withReplyId(event, firstId))];
    },
  };
}

/** Stores observations. Behind that of an approved action the agent is running again. */
export function commitAnswers(answers: readonly NewEvent[]): TurnOutput {
  return {
    type: "events",
    events: (_, { agentState }) => (agentState === "user_confirmed" ? [...answers, stateChange("running")] : answers),
  };
}

export function withReplyId<T extends NewEvent>(event: T, reply: number): T {
  const { tool_call: origin } = event;
  return origin?.reply === unknownReply ? { ...event, tool_call: { ...origin, reply } } : event;
}
