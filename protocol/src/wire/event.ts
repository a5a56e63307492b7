/**
 * An event is an action or an observation at its position in the log: plain JSON, the same in the log and on the wire.
 */
import { z } from "zod";
import { actionArgs, type ActionArgs, type ActionKind } from "./actions.ts";
import { allowingRule, approvalDetails, type AllowingRule, type ApprovalDetails } from "./approvals.ts";
import { observationExtras, type ObservationExtras, type ObservationKind } from "./observations.ts";

export type Source = "user" | "agent" | "environment";

/** The tool call of the model that an action, or the error about it, comes from. */
export interface ToolCall {
  /** Id of the `reply` event. */
  readonly reply: number;
  /** Id of the call within that reply, as given by the model. */
  readonly id: string;
}

interface Recorded {
  /** 0, 1, 2 …, without gaps within a conversation. */
  readonly id: number;
  /** ISO 8601, UTC, milliseconds. */
  readonly timestamp: string;
}

interface Common {
  readonly source: Source;
  /** A sentence for display in a chat log. */
  readonly message: string;
  readonly tool_call?: ToolCall;
  /** The id that the client gave its command; a command sent twice is stored once. */
  readonly command?: string;
}

export type NewAction<K extends ActionKind = ActionKind> = K extends ActionKind
  ? Common & {
      readonly action: K;
      readonly args: ActionArgs<K>;
      /** The action does not run until an `approve` names its id. */
      readonly approval?: ApprovalDetails;
      /** The rules without which a person would have been asked. */
      readonly allowed_by?: readonly AllowingRule[];
    }
  : never;

export type NewObservation<K extends ObservationKind = ObservationKind> = K extends ObservationKind
  ? Common & {
      readonly observation: K;
      readonly content: string;
      readonly extras: ObservationExtras<K>;
      /** Id of the action that this is the result of. */
      readonly cause?: number;
    }
  : never;

export type NewEvent = NewAction | NewObservation;
export type Action<K extends ActionKind = ActionKind> = K extends ActionKind ? Recorded & NewAction<K> : never;
export type Observation<K extends ObservationKind = ObservationKind> = K extends ObservationKind
  ? Recorded & NewObservation<K>
  : never;
export type Event = Action | Observation;

export function isAction(event: Event): event is Action;
export function isAction(event: NewEvent): event is NewAction;
export function isAction(event: NewEvent): boolean {
  return "action" in event;
}

/** The fields that every event has. */
export const eventFields = {
  id: z.int().min(0),
  timestamp: z.iso.datetime(),
  source: z.enum(["user", "agent", "environment"]),
  message: z.string(),
  tool_call: z.object({ reply: z.int(), id: z.string() }).optional(),
  command: z.string().optional(),
};

/** The schemas of the events that the server sends, by kind; the source of the JSON Schemas. */
export const eventSchemas = {
  actions: mapValues(actionArgs, (args, action) =>
    z.object({
      ...eventFields,
      action: z.literal(action),
      args,
      approval: approvalDetails.optional(),
      allowed_by: z.array(allowingRule).optional(),
    }),
  ),
  observations: mapValues(observationExtras, (extras, observation) =>
    z.object({
      ...eventFields,
      observation: z.literal(observation),
      content: z.string(),
      extras,
      cause: z.int().min(0).optional(),
    }),
  ),
};

function mapValues<V, R>(record: Record<string, V>, map: (value: V, key: string) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value, key)]));
}
