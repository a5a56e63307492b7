/** Creates events and fills in their sentence. */
import type { ActionArgs, ActionKind } from "./wire/actions.ts";
import type { ApprovalDetails } from "./wire/approvals.ts";
import { errorKinds, type ErrorCode } from "./wire/errors.ts";
import type { NewAction, NewObservation, Source, ToolCall } from "./wire/event.ts";
import type { ObservationExtras, ObservationKind } from "./wire/observations.ts";
import { actionSentence, observationSentence } from "./text/sentences.ts";
import type { AgentState } from "./wire/states.ts";

interface ActionOrigin {
  readonly tool_call?: ToolCall;
  readonly command?: string | undefined;
  readonly approval?: ApprovalDetails;
}

export function action<K extends ActionKind>(
  source: Source,
  kind: K,
  args: ActionArgs<K>,
  origin: ActionOrigin = {},
): NewAction<K> {
  const bare = { action: kind, args };
  const message = actionSentence(bare as unknown as NewAction);
  return { source, message, ...bare, ...defined(origin) } as unknown as NewAction<K>;
}

interface ObservationOrigin {
  readonly cause?: number | undefined;
  readonly tool_call?: ToolCall | undefined;
}

export function observation<K extends ObservationKind>(
  source: Source,
  kind: K,
  content: string,
  extras: ObservationExtras<K>,
  origin: ObservationOrigin = {},
): NewObservation<K> {
  const bare = { observation: kind, content, extras };
  const message = observationSentence(bare as unknown as NewObservation);
  return { source, message, ...bare, ...defined(origin) } as unknown as NewObservation<K>;
}

export function errorObservation(
  source: Source,
  code: ErrorCode,
  content: string = errorKinds[code].sentence,
  origin: ObservationOrigin = {},
): NewObservation<"error"> {
  return observation(source, "error", content, { code, retryable: errorKinds[code].retryable, error_id: "" }, origin);
}

export function stateChange(
  agentState: AgentState,
  reason?: string,
  more: Pick<ObservationExtras<"agent_state_changed">, "resumed"> = {},
): NewObservation<"agent_state_changed"> {
  const extras = { agent_state: agentState, ...(reason === undefined ? {} : { reason }), ...more };
  return observation("environment", "agent_state_changed", "", extras);
}

function defined<T extends object>(origin: T): Partial<T> {
  return Object.fromEntries(Object.entries(origin).filter(([, value]) => value !== undefined)) as Partial<T>;
}
