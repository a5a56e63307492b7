/** An export format. Exports are written event by event, so no conversation is ever fully in memory. */
import type { Event } from "@deckhand/protocol";

export interface ExportInfo {
  readonly title: string;
  /** Number of events that follow, so that a truncated file is detected. */
  readonly events: number;
  /** ISO 8601. */
  readonly exported: string;
}

export interface ExportFormat {
  readonly contentType: string;
  readonly extension: string;
  readonly head: (about: ExportInfo) => string;
  /** Empty for events of no interest to a reader. */
  readonly event: (event: Event) => string;
  readonly tail: string;
}
