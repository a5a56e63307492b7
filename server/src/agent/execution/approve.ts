/** A call that may have to wait for a person: what is stored for it, and what is known when it runs at last. */
import {
  errorObservation,
  observation,
  stateChange,
  type Action,
  type ApprovalDetails,
  type NewAction,
  type NewEvent,
  type NewObservation,
} from "@deckhand/protocol";
import type { Runtime } from "../../runtime/runtime.ts";
import type { Tool } from "../../tools/tool.ts";
import type { PolicyDecision } from "../approval/policy.ts";
import type { PreparedCall } from "./prepare.ts";

export interface GateDeps {
  readonly policy: (action: NewAction, tool: Tool) => Promise<PolicyDecision>;
  readonly runtime: () => Promise<Runtime>;
  readonly now: () => number;
}

export type Gated =
  | { readonly type: "free"; readonly event: NewEvent }
  /** Its action waits; nothing else is done before it is answered. */
  | { readonly type: "waits"; readonly event: NewAction }
  /** There is nobody to ask. */
  | { readonly type: "denied"; readonly event: NewAction; readonly answer: (id: number) => NewObservation };

export async function gate(call: PreparedCall, deps: GateDeps): Promise<Gated> {
  if (call.type !== "runnable") return { type: "free", event: call.event };
  const judged = await deps.policy(call.event, call.tool);
  if (judged.may) {
    const { by } = judged;
    return { type: "free", event: by.length === 0 ? call.event : { ...call.event, allowed_by: by } };
  }
  const { reasons, rules, seconds } = judged;
  const cwd = await deps.runtime().then(
    (runtime) => runtime.cwd,
    () => undefined,
  );
  const approval: ApprovalDetails = {
    reasons: [...reasons],
    rules: [...rules],
    expires_at: new Date(deps.now() + seconds * 1000).toISOString(),
    default: "deny",
    ...(cwd === undefined ? {} : { cwd }),
  };
  if (seconds > 0) return { type: "waits", event: withState(call.event, "awaiting_confirmation", approval) };
  const why = `The action was denied, because nobody is there to allow it. ${reasons.join(" ")}`;
  return {
    type: "denied",
    event: withState(call.event, "rejected"),
    answer: (id) => denialObservation(why, { id, tool_call: call.origin }),
  };
}

/** The state comes before the action, as the first protocol had it. */
export function waitingEvents(event: NewAction): readonly NewEvent[] {
  return [stateChange("awaiting_user_confirmation"), event];
}

export function denialObservation(
  content: string,
  action: Pick<Action, "id" | "tool_call">,
): NewObservation<"user_rejected"> {
  return observation("user", "user_rejected", content, {}, { cause: action.id, tool_call: action.tool_call });
}

/**
 * Why an approved action is not run after all: it was approved for another directory (its shell was lost meanwhile), and
 * there it may mean something else.
 */
export async function refusalOf(
  action: Action,
  runtime: () => Promise<Runtime>,
): Promise<NewObservation<"error"> | undefined> {
  const approvedIn = action.approval?.cwd;
  if (approvedIn === undefined) return undefined;
  const { cwd } = await runtime();
  if (cwd === approvedIn) return undefined;
  const why = `Not run: it was approved for the directory ${approvedIn}, and the shell is in ${cwd} now. Ask again.`;
  return errorObservation("agent", "conflict", why, { cause: action.id, tool_call: action.tool_call });
}

function withState(
  event: NewAction,
  confirmation_state: "awaiting_confirmation" | "rejected",
  approval?: ApprovalDetails,
): NewAction {
  const args = "confirmation_state" in event.args ? { ...event.args, confirmation_state } : event.args;
  return { ...event, args, ...(approval === undefined ? {} : { approval }) } as NewAction;
}
