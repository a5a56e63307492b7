/** What a conversation shows, from top to bottom. Made of the log by item-fold.ts; an item that has not changed is the same object. */
import type { Action, Observation, Usage } from "@deckhand/protocol";

/** What one reply of the model took. Shown with the first that it brought. */
export interface StepCost {
  /** The first is 1. */
  readonly number: number;
  readonly durationMs: number;
  /** Null: not known. */
  readonly costUsd: number | null;
  readonly usage: Usage;
  readonly model: string;
}

interface Common {
  /** Stays while the item does, also from streamed text to its event. */
  readonly key: string;
  /** The event that it begins with. */
  readonly id: number;
}

export type Item = Common &
  (
    | { readonly type: "user"; readonly text: string; readonly images: readonly string[] }
    /** What the model said. */
    | { readonly type: "message"; readonly text: string; readonly step: StepCost | undefined }
    /** What it thought: apart, and folded. */
    | {
        readonly type: "reasoning";
        readonly text: string;
        /** Undefined where nobody took the time. */
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
    /** The work has come to rest; what it took since a person's last word. */
    | {
        readonly type: "turn-end";
        readonly steps: number;
        readonly durationMs: number;
        readonly costUsd: number;
        readonly priced: boolean;
      }
    | {
        readonly type: "note";
        /** What the server wrote, in English. */
        readonly text: string;
        readonly tone: "quiet" | "warn" | "bad";
        /** What it is about, where the UI may have its own wording for that. */
        readonly about?: Observation;
      }
  );

export type ItemOf<T extends Item["type"]> = Extract<Item, { type: T }>;

/** What streams in has the key that its item will have: the page goes on drawing the same thing. */
export function messageKey(step: number): string {
  return `say${step}`;
}

export function reasoningKey(step: number): string {
  return `think${step}`;
}
