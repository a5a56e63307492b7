/** The pages that the agent opened, in order. */
import { isAction, type Event } from "@deckhand/protocol";

export interface Visit {
  /** Id of the action. */
  readonly id: number;
  readonly timestamp: string;
  /** The requested URL, or the browser actions. */
  readonly asked: string;
  /** Undefined while the page is loading. */
  readonly page: Page | undefined;
  /** Why the page could not be opened. */
  readonly failure: string | undefined;
}

export interface Page {
  readonly url: string;
  readonly title: string;
  readonly text: string;
  readonly status: number;
  /** A data URL of an image; empty without a screenshot. */
  readonly screenshot: string;
  readonly isError: boolean;
}

export function visits(events: readonly Event[]): readonly Visit[] {
  const found = new Map<number, Visit>();
  for (const event of events) {
    if (isAction(event)) {
      const { id, timestamp } = event;
      const asked =
        event.action === "browse"
          ? event.args.url
          : event.action === "browse_interactive"
            ? event.args.browser_actions
            : undefined;
      if (asked !== undefined) found.set(id, { id, timestamp, asked, page: undefined, failure: undefined });
      continue;
    }
    const visit = event.cause === undefined ? undefined : found.get(event.cause);
    if (visit === undefined) continue;
    if (event.observation === "browse") {
      const { url, title, text, status, screenshot, error } = event.extras;
      found.set(visit.id, {
        ...visit,
        page: { url, title, text, status, screenshot: picture(screenshot), isError: error },
      });
    } else found.set(visit.id, { ...visit, failure: event.content });
  }
  return [...found.values()];
}

/** Accepts image data only, with or without the `data:` prefix. */
function picture(screenshot: string): string {
  if (/^data:image\/(png|jpeg|webp);base64,/.test(screenshot)) return screenshot;
  return /^[A-Za-z0-9+/]{100,}={0,2}$/.test(screenshot) ? `data:image/png;base64,${screenshot}` : "";
}
