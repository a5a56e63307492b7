/** How a conversation leaves: written event by event, so that none is ever whole in memory. */
import type { Event } from "@deckhand/protocol";

export interface ExportInfo {
  readonly title: string;
  /** How many events follow: a file that was cut is noticed. */
  readonly events: number;
  /** ISO 8601. */
  readonly exported: string;
}

export interface ExportFormat {
  readonly contentType: string;
  readonly extension: string;
  readonly head: (about: ExportInfo) => string;
  /** Empty for what a reader does not miss. */
  readonly event: (event: Event) => string;
  readonly tail: string;
}
