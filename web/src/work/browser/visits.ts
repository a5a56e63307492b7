/** What the agent looked at in the web, one visit after another. */
import { isAction, type Event } from "@deckhand/protocol";

export interface Visit {
  /** Of the action. */
  readonly id: number;
  readonly timestamp: string;
  /** What was asked for: the address, or what was done in the browser. */
  readonly asked: string;
  /** Undefined while it is on its way. */
  readonly page: Page | undefined;
  /** Why there is no page. */
  readonly failure: string | undefined;
}

export interface Page {
  readonly url: string;
  readonly title: string;
  readonly text: string;
  readonly status: number;
  /** A data URL of a picture; empty where there is none. */
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

/** Only what is a picture by its own word, with or without the `data:` in front. */
function picture(screenshot: string): string {
  if (/^data:image\/(png|jpeg|webp);base64,/.test(screenshot)) return screenshot;
  return /^[A-Za-z0-9+/]{100,}={0,2}$/.test(screenshot) ? `data:image/png;base64,${screenshot}` : "";
}
