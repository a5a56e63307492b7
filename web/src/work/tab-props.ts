import type { ViewState } from "@deckhand/client";

export interface WorkTabProps {
  /** Id of the conversation. */
  readonly conversation: string;
  /** The current state, or the state at `at`. */
  readonly snapshot: ViewState;
  /** The event whose state is viewed; undefined for the latest. */
  readonly at?: number | undefined;
}
