/**
 * The classic view of a log: each event becomes zero, one or several frames. Events up to the head at connection time
 * pass the replay filter, later ones the live filter, both as in OpenHands (OPENHANDS-PROTOCOL, section 1.5).
 *
 * In the log, a failed turn is an `error` without a cause, directly followed by the state `error` (`paused` at a
 * limit). The 0.9 UI gets both in that order. The 0.14 UI needs the state first and the error as a status, or it does
 * not pause; it also treats a limit as a failure and answers with a pause of its own. A stuck agent is shown to both as
 * the state `error`, after the error itself, as in OpenHands.
 */
import { isAction, type Action, type AgentState, type Event, type Observation, type Source } from "@deckhand/protocol";
import type { ClassicVersion } from "../dialect.ts";
import { actionFrame } from "./actions.ts";
import { observationFrame } from "./observations.ts";
import { classicTimestamp } from "./timestamp.ts";

export interface ClassicFrame {
  readonly frame: object;
  /** The next frame must not arrive together with this one. */
  readonly gap?: boolean;
}

type ErrorEvent = Observation<"error">;

/** Kinds that classic clients do not get. */
const hiddenKinds = new Set([
  "initialize",
  "change_agent_state",
  "approve",
  "compact",
  "reply",
  "chat",
  "instructions",
  "nudge",
  "title",
  "imported",
  "upload",
  "checkpoint",
  "terminal",
  "restore",
  "child",
]);

export class ClassicView {
  readonly #version: ClassicVersion;
  readonly #replayHead: number;
  /** Actions of clients without an observation so far. */
  readonly #pending = new Set<number>();
  /** The error that ended the turn, until its state change arrives. */
  #failure: ErrorEvent | undefined;
  /** The action that waits for an approval and, by its id, the id under which it was sent again once answered. */
  #awaitingApproval: Action | undefined;
  readonly #resentAs = new Map<number, number>();
  /** The last pause, at a limit, was shown as `error`. */
  #shownAsError = false;

  constructor(version: ClassicVersion, replayHead: number) {
    this.#version = version;
    this.#replayHead = replayHead;
  }

  framesFor(event: Event): readonly ClassicFrame[] {
    if (isAction(event) && event.approval !== undefined) this.#awaitingApproval = event;
    if (isAction(event) && event.action === "approve") return this.#answered(event);
    if (isAction(event) && event.source === "user") this.#pending.add(event.id);
    return event.id <= this.#replayHead ? this.#replay(event) : this.#live(event);
  }

  /** OpenHands stored the action a second time, with the decision in it and without its thought. */
  #answered(event: Action<"approve">): readonly ClassicFrame[] {
    const action = this.#awaitingApproval;
    if (action === undefined || action.id !== event.args.id) return [];
    this.#awaitingApproval = undefined;
    this.#resentAs.set(action.id, event.id);
    const confirmation_state = event.args.decision === "deny" ? "rejected" : "confirmed";
    const args = {
      ...action.args,
      thought: "",
      ...("confirmation_state" in action.args ? { confirmation_state } : {}),
    };
    const resent = { ...action, id: event.id, timestamp: event.timestamp, args } as Action;
    return [{ frame: actionFrame(resent, this.#version, event.id <= this.#replayHead ? "replay" : "live") }];
  }

  /** The cause is the id under which the action was last sent. */
  #observation(event: Observation, source: Source): ClassicFrame {
    const resentId = this.#resentAs.get(event.cause ?? -1);
    if (event.cause !== undefined) this.#resentAs.delete(event.cause);
    const shown = resentId === undefined ? event : { ...event, cause: resentId };
    return { frame: observationFrame(shown, source, this.#version) };
  }

  #replay(event: Event): readonly ClassicFrame[] {
    if (isAction(event))
      return hiddenKinds.has(event.action) ? [] : [{ frame: actionFrame(event, this.#version, "replay") }];
    if (event.cause !== undefined) this.#pending.delete(event.cause);
    if (hiddenKinds.has(event.observation) || event.observation === "agent_state_changed") return [];
    if (event.observation === "status" || (this.#version === "0.14" && endsTurn(event))) return [];
    const source = event.source === "environment" && this.#version === "0.9" ? "agent" : event.source;
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
        return this.#version === "0.14" ? [{ frame: status("info", "", event.content) }] : [];
      default:
        return hiddenKinds.has(event.observation) ? [] : this.#liveObservation(event);
    }
  }

  #liveAction(event: Action): readonly ClassicFrame[] {
    if (event.source !== "user") {
      return hiddenKinds.has(event.action) ? [] : [{ frame: actionFrame(event, this.#version, "live") }];
    }
    // The UI's own pause after a limit that was shown as an error; the log has no new state for it.
    const isPause = event.action === "change_agent_state" && event.args.agent_state === "paused";
    return isPause && this.#shownAsError ? [this.#stateFrame(event, "paused")] : [];
  }

  #liveObservation(event: Observation): readonly ClassicFrame[] {
    const isFromClient =
      (event.source === "user" && event.observation !== "user_rejected") ||
      (event.cause !== undefined && this.#pending.delete(event.cause));
    const isError = event.observation === "error";
    if (isFromClient && this.#version === "0.14" && !isError && event.observation !== "run") return [];
    const source = isFromClient && !(isError && this.#version === "0.14") ? "user" : "agent";
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
        return [shown, ...startupFrames[this.#version].map((frame) => ({ frame }))];
      case "init":
        return this.#version === "0.9" ? [shown, { frame: { status: " " } }] : [shown];
      default:
        return [shown];
    }
  }

  #failed(event: Event, state: AgentState, failure: ErrorEvent): readonly ClassicFrame[] {
    const isStuck = failure.extras.code === "stuck";
    if (this.#version === "0.9") {
      const shown = this.#stateFrame(event, isStuck ? "error" : state);
      return [{ frame: observationFrame(failure, "agent", "0.9"), gap: true }, shown];
    }
    this.#shownAsError = state === "paused";
    const shown = this.#stateFrame(event, "error");
    const errorStatus = { frame: status("error", "", failure.content), gap: true };
    return isStuck ? [errorStatus, shown] : [shown, errorStatus];
  }

  #stateFrame(event: Event, state: AgentState): ClassicFrame {
    const { id, timestamp } = event;
    const base = { id, timestamp: classicTimestamp(timestamp), source: "agent", message: "" };
    return { frame: { ...base, observation: "agent_state_changed", content: "", extras: { agent_state: state } } };
  }
}

/** Whether the error ended a turn, rather than a tool call or an action. */
export function endsTurn(event: Observation): event is ErrorEvent {
  return event.observation === "error" && event.cause === undefined && event.tool_call === undefined;
}

/** Sent between `loading` and `init`; a blank clears the status line. */
const startupFrames: Readonly<Record<ClassicVersion, readonly object[]>> = {
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
