/** The items of a conversation, made from the log by item-fold.ts. Unchanged items stay the same object. */
import type { Action, Observation, Usage } from "@deckhand/protocol";

/** Cost and duration of one model reply, shown with the first item that it produced. */
export interface StepCost {
  /** Starts at 1. */
  readonly number: number;
  readonly durationMs: number;
  /** Null if the price is unknown. */
  readonly costUsd: number | null;
  readonly usage: Usage;
  readonly model: string;
}

interface Common {
  /** Stable for the life of the item, including the change from streamed text to its event. */
  readonly key: string;
  /** The id of its first event. */
  readonly id: number;
}

export type Item = Common &
  (
    | { readonly type: "user"; readonly text: string; readonly images: readonly string[] }
    /** Text of the model. */
    | { readonly type: "message"; readonly text: string; readonly step: StepCost | undefined }
    /** Reasoning of the model, collapsed. */
    | {
        readonly type: "reasoning";
        readonly text: string;
        /** Undefined if it was not measured. */
        readonly durationMs: number | undefined;
        readonly step: StepCost | undefined;
      }
    | { readonly type: "result"; readonly action: Action<"finish" | "reject"> }
    | {
        readonly type: "action";
        readonly action: Action;
        readonly observation: Observation | undefined;
        readonly step: StepCost | undefined;
      }
    /** The end of a turn, with its totals since the last message of the user. */
    | {
        readonly type: "turn-end";
        readonly steps: number;
        readonly durationMs: number;
        readonly costUsd: number;
        readonly priced: boolean;
      }
    | {
        readonly type: "note";
        /** The English text of the server. */
        readonly text: string;
        readonly tone: "quiet" | "warn" | "bad";
        /** The observation behind the note, if the UI may have a translation for it. */
        readonly about?: Observation;
      }
  );

export type ItemOf<T extends Item["type"]> = Extract<Item, { type: T }>;

/** Streamed text has the key of its future item, so that React keeps its elements. */
export function messageKey(step: number): string {
  return `say${step}`;
}

export function reasoningKey(step: number): string {
  return `think${step}`;
}
