/**
 * What a classic socket is shown of the log: each event becomes no, one or several frames. Up to the head at connection
 * the replay filter holds, above it the live one; both as the original had them (OPENHANDS-PROTOCOL, section 1.5).
 *
 * In the log a turn that fails is an `error` without a cause and, right after it, the state `error` (`paused` at a
 * limit). The 0.9 page is shown both in that order; the 0.14 page needs the state first and the error as a status, or
 * it does not pause. It also takes a limit for a failure and answers with a pause of its own. An agent that got stuck is
 * shown to both as the state `error` and, as the original did it, after the error.
 */
import { isAction, type Action, type AgentState, type Event, type Observation, type Source } from "@deckhand/protocol";
import { actionFrame } from "./actions.ts";
import { observationFrame } from "./observations.ts";
import { classicTimestamp } from "./timestamp.ts";
import type { ClassicVersion } from "../dialect.ts";

export interface ClassicFrame {
  readonly frame: object;
  /** What follows must not arrive together with it. */
  readonly gap?: boolean;
}

type ErrorEvent = Observation<"error">;

/** Kinds that stay between the conversation and its newer clients. */
const bookkeeping = new Set([
  "initialize",
  "change_agent_state",
  "approve",
  "compact",
  "reply",
  "chat",
  "knowledge",
  "nudge",
  "title",
  "imported",
  "upload",
  "snapshot",
  "terminal",
  "restore",
  "child",
]);

export class ClassicView {
  readonly #era: ClassicVersion;
  readonly #replayed: number;
  /** Actions of clients that are not answered yet. */
  readonly #asked = new Set<number>();
  /** The error that ended the turn, until its state is there. */
  #failure: ErrorEvent | undefined;
  /** The action that waits for an approval; and, once answered, the id under which it was shown again. */
  #waiting: Action | undefined;
  readonly #shownAgain = new Map<number, number>();
  /** A pause at a limit was shown as `error`. */
  #shownAsError = false;

  constructor(era: ClassicVersion, replayed: number) {
    this.#era = era;
    this.#replayed = replayed;
  }

  framesFor(event: Event): readonly ClassicFrame[] {
    if (isAction(event) && event.approval !== undefined) this.#waiting = event;
    if (isAction(event) && event.action === "approve") return this.#answered(event);
    if (isAction(event) && event.source === "user") this.#asked.add(event.id);
    return event.id <= this.#replayed ? this.#replay(event) : this.#live(event);
  }

  /** The original stored the action a second time, with the answer in it and without its thought. */
  #answered(event: Action<"approve">): readonly ClassicFrame[] {
    const waited = this.#waiting;
    if (waited === undefined || waited.id !== event.args.id) return [];
    this.#waiting = undefined;
    this.#shownAgain.set(waited.id, event.id);
    const confirmation_state = event.args.decision === "deny" ? "rejected" : "confirmed";
    const args = {
      ...waited.args,
      thought: "",
      ...("confirmation_state" in waited.args ? { confirmation_state } : {}),
    };
    const again = { ...waited, id: event.id, timestamp: event.timestamp, args } as Action;
    return [{ frame: actionFrame(again, this.#era, event.id <= this.#replayed ? "replay" : "live") }];
  }

  /** Its cause is the action as it was shown last. */
  #observation(event: Observation, source: Source): ClassicFrame {
    const again = this.#shownAgain.get(event.cause ?? -1);
    if (event.cause !== undefined) this.#shownAgain.delete(event.cause);
    const shown = again === undefined ? event : { ...event, cause: again };
    return { frame: observationFrame(shown, source, this.#era) };
  }

  #replay(event: Event): readonly ClassicFrame[] {
    if (isAction(event))
      return bookkeeping.has(event.action) ? [] : [{ frame: actionFrame(event, this.#era, "replay") }];
    if (event.cause !== undefined) this.#asked.delete(event.cause);
    if (bookkeeping.has(event.observation) || event.observation === "agent_state_changed") return [];
    if (event.observation === "status" || (this.#era === "0.14" && endsTurn(event))) return [];
    const source = event.source === "environment" && this.#era === "0.9" ? "agent" : event.source;
    return [this.#observation(event, source)];
  }

  #live(event: Event): readonly ClassicFrame[] {
    if (isAction(event)) return this.#liveAction(event);
    if (endsTurn(event)) {
      this.#failure = event;
      return [];
    }
    switch (event.observation) {
      case "agent_state_changed":
        return this.#state(event, event.extras.agent_state);
      case "status":
        return this.#era === "0.14" ? [{ frame: status("info", "", event.content) }] : [];
      default:
        return bookkeeping.has(event.observation) ? [] : this.#liveObservation(event);
    }
  }

  #liveAction(event: Action): readonly ClassicFrame[] {
    if (event.source !== "user") {
      return bookkeeping.has(event.action) ? [] : [{ frame: actionFrame(event, this.#era, "live") }];
    }
    // The page's own pause, after a limit that it was shown as an error: the log has nothing new to say.
    const pauses = event.action === "change_agent_state" && event.args.agent_state === "paused";
    return pauses && this.#shownAsError ? [this.#stateFrame(event, "paused")] : [];
  }

  #liveObservation(event: Observation): readonly ClassicFrame[] {
    const mine =
      (event.source === "user" && event.observation !== "user_rejected") ||
      (event.cause !== undefined && this.#asked.delete(event.cause));
    const isError = event.observation === "error";
    if (mine && this.#era === "0.14" && !isError && event.observation !== "run") return [];
    const source = mine && !(isError && this.#era === "0.14") ? "user" : "agent";
    return [{ ...this.#observation(event, source), gap: isError }];
  }

  #state(event: Event, state: AgentState): readonly ClassicFrame[] {
    const failure = this.#failure;
    this.#failure = undefined;
    this.#shownAsError = false;
    if (failure !== undefined) return this.#failed(event, state, failure);
    const shown = this.#stateFrame(event, state);
    switch (state) {
      case "loading":
        return [shown, ...starting[this.#era].map((frame) => ({ frame }))];
      case "init":
        return this.#era === "0.9" ? [shown, { frame: { status: " " } }] : [shown];
      default:
        return [shown];
    }
  }

  #failed(event: Event, state: AgentState, failure: ErrorEvent): readonly ClassicFrame[] {
    const stuck = failure.extras.code === "stuck";
    if (this.#era === "0.9") {
      const shown = this.#stateFrame(event, stuck ? "error" : state);
      return [{ frame: observationFrame(failure, "agent", "0.9"), gap: true }, shown];
    }
    this.#shownAsError = state === "paused";
    const shown = this.#stateFrame(event, "error");
    const told = { frame: status("error", "", failure.content), gap: true };
    return stuck ? [told, shown] : [shown, told];
  }

  #stateFrame(event: Event, state: AgentState): ClassicFrame {
    const { id, timestamp } = event;
    const head = { id, timestamp: classicTimestamp(timestamp), source: "agent", message: "" };
    return { frame: { ...head, observation: "agent_state_changed", content: "", extras: { agent_state: state } } };
  }
}

/** The failure of a turn, as against the error that a call or an action ended with. */
export function endsTurn(event: Observation): event is ErrorEvent {
  return event.observation === "error" && event.cause === undefined && event.tool_call === undefined;
}

/** Between `loading` and `init`; a blank clears the status line. */
const starting: Readonly<Record<ClassicVersion, readonly object[]>> = {
  "0.9": [{ status: "STATUS$STARTING_RUNTIME" }],
  "0.14": [
    status("info", "STATUS$STARTING_RUNTIME", "Starting runtime..."),
    status("info", "STATUS$WAITING_FOR_CLIENT", "Waiting for client..."),
    status("info", " ", ""),
  ],
};

function status(type: "info" | "error", id: string, message: string): object {
  return { status_update: true, type, id, message };
}
