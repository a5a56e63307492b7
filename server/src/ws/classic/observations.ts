/** An observation as a classic frame, with every extra that the original had (OPENHANDS-PROTOCOL, section 3). */
import type { Observation, ObservationExtras, Source } from "@deckhand/protocol";
import { classicTimestamp } from "./timestamp.ts";
import type { ClassicVersion } from "../dialect.ts";

interface Shown {
  readonly content: string;
  readonly extras: object;
  readonly message?: string;
}

/** `source` is who the client is told it comes from. */
export function observationFrame(event: Observation, source: Source, era: ClassicVersion): object {
  const { content, extras, message = event.message } = shown(event, era);
  return {
    id: event.id,
    timestamp: classicTimestamp(event.timestamp),
    source,
    message,
    ...(event.cause === undefined ? {} : { cause: event.cause }),
    observation: event.observation,
    content,
    extras,
  };
}

function shown(event: Observation, era: ClassicVersion): Shown {
  const { content } = event;
  switch (event.observation) {
    case "run":
      return { content: era === "0.14" ? terminalText(event) : olderNote(event), extras: runExtras(event.extras, era) };
    case "read":
    case "write":
      return { content, extras: { path: event.extras.path } };
    case "edit": {
      const { path, old_content: before = "", new_content: after = "" } = event.extras;
      return { content, extras: { path, prev_exist: true, old_content: before, new_content: after } };
    }
    case "browse":
      return { content: event.extras.text, extras: browseExtras(event.extras) };
    case "delegate":
      return { content, extras: { outputs: event.extras.outputs }, message: "" };
    case "error":
      return error(event, era);
    default:
      return { content, extras: event.extras };
  }
}

/** A terminal's line ends; after the agent's command as it was typed, which the page does not print by itself. */
function terminalText(event: Observation<"run">): string {
  const typed = event.source === "agent" ? `${event.extras.command}\n` : "";
  return (typed + event.content.replace(/\r?\n$/, "")).replaceAll(/\r?\n/g, "\r\n");
}

function olderNote({ content, extras }: Observation<"run">): string {
  return extras.ended_by === "timeout" ? content.replace(/interrupt the command\.\]$/, "interrupt it.]") : content;
}

function runExtras({ command, exit_code, hidden }: ObservationExtras<"run">, era: ClassicVersion): object {
  const newer = era === "0.14" ? { hidden, interpreter_details: "" } : {};
  return { command_id: -1, command, exit_code, ...newer };
}

function browseExtras({ url, screenshot, error: failed }: ObservationExtras<"browse">): object {
  return {
    url,
    screenshot,
    error: failed,
    open_pages_urls: [],
    active_page_index: -1,
    dom_object: {},
    axtree_object: {},
    extra_element_properties: {},
    last_browser_action: "",
    last_browser_action_error: "",
    focused_element_bid: "",
  };
}

/**
 * 0.9 said the same of every failure of a turn; what really happened stands in the extras, where it had nothing. The
 * code is new to both.
 */
function error(event: Observation<"error">, era: ClassicVersion): Shown {
  const { code, retryable, error_id: id } = event.extras;
  if (era === "0.14") return { content: event.content, extras: { error_id: id, code, retryable } };
  const extras = { code, retryable, detail: event.content };
  if (event.cause !== undefined || event.tool_call !== undefined || code === "stuck")
    return { content: event.content, extras };
  const content = code.startsWith("limit_")
    ? pausedText(event.content)
    : "There was an unexpected error while running the agent";
  return { content, message: content, extras };
}

function pausedText(sentence: string): string {
  const paused = sentence.replace(". ", ", task paused. ");
  return `${paused.trimEnd()} Please click on resume button if you'd like to continue, or start a new task.`;
}
