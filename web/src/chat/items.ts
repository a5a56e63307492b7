/** From the log to what a chat shows: bookkeeping left out, each action together with its observation. */
import { isAction, isRunnable, type Action, type Event, type Observation } from "@deckhand/protocol";

export type Item =
  | { readonly type: "user"; readonly id: number; readonly text: string; readonly images: readonly string[] }
  | { readonly type: "agent"; readonly id: number; readonly text: string; readonly tone: "says" | "done" | "refuses" }
  /** What the model said beside an action. */
  | { readonly type: "thought"; readonly id: number; readonly text: string }
  | {
      readonly type: "action";
      readonly id: number;
      readonly action: Action;
      readonly observation: Observation | undefined;
    }
  | { readonly type: "note"; readonly id: number; readonly text: string; readonly tone: "quiet" | "warn" | "bad" };

export function itemsOf(events: readonly Event[]): readonly Item[] {
  const items: Item[] = [];
  /** Where the card of an action is, until its observation has come. */
  const open = new Map<number, number>();
  let lastError = "";
  for (const event of events) {
    if (isAction(event)) addAction(event);
    else addObservation(event);
  }
  return items;

  function addAction(event: Action): void {
    const { id } = event;
    switch (event.action) {
      case "start":
        return addMessage(event.source, id, event.args.task, []);
      case "message":
        return addMessage(event.source, id, event.args.content, event.args.image_urls ?? []);
      case "finish":
        return void items.push({ type: "agent", id, text: event.message, tone: "done" });
      case "reject":
        return void items.push({ type: "agent", id, text: event.message, tone: "refuses" });
      case "think":
        return void items.push({ type: "thought", id, text: event.args.thought });
      case "initialize":
      case "change_agent_state":
        return;
      case "approve":
      case "allow_host":
      case "compact":
      case "add_task":
      case "modify_task":
        return note(id, event.message, "quiet");
      default:
        if (!isRunnable(event.action)) return note(id, event.message, "quiet");
        if ("thought" in event.args && event.args.thought !== "")
          items.push({ type: "thought", id, text: event.args.thought });
        open.set(id, items.length);
        return void items.push({ type: "action", id, action: event, observation: undefined });
    }
  }

  function addMessage(source: string, id: number, text: string, images: readonly string[]): void {
    if (source === "user") items.push({ type: "user", id, text, images });
    else if (text.trim() !== "") items.push({ type: "agent", id, text, tone: "says" });
  }

  function addObservation(event: Observation): void {
    const at = event.cause === undefined ? undefined : open.get(event.cause);
    const card = at === undefined ? undefined : items[at];
    if (at !== undefined && event.cause !== undefined && card?.type === "action") {
      open.delete(event.cause);
      items[at] = { ...card, observation: event };
      return;
    }
    const { id } = event;
    switch (event.observation) {
      case "chat":
      case "reply":
      case "title":
      case "snapshot":
      case "terminal":
        return;
      case "status": {
        // Of a row of retries the last is enough.
        const last = items.at(-1);
        if (last?.type === "note" && last.tone === "warn") items.pop();
        return note(id, event.content, "warn");
      }
      case "error":
        lastError = event.content;
        return note(id, event.content, "bad");
      case "agent_state_changed": {
        const { agent_state: state, reason } = event.extras;
        if (reason !== undefined && reason !== "" && reason !== lastError) note(id, reason, "quiet");
        else if (state === "paused") note(id, "Paused", "quiet");
        else if (state === "stopped") note(id, "Stopped", "quiet");
        lastError = "";
        return;
      }
      default:
        return note(id, event.message || event.observation, "quiet");
    }
  }

  function note(id: number, text: string, tone: "quiet" | "warn" | "bad"): void {
    if (text.trim() !== "") items.push({ type: "note", id, text, tone });
  }
}

/** Whether two items look the same: one changes once at most, when its observation comes. */
export function isSame(a: Item, b: Item): boolean {
  if (a.type !== b.type || a.id !== b.id) return false;
  return a.type !== "action" || b.type !== "action" || a.observation?.id === b.observation?.id;
}
