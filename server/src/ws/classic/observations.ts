/** An observation as a classic frame, with every extra that OpenHands 0.9–0.14 sent (OPENHANDS-PROTOCOL, section 3). */
import type { Observation, ObservationExtras, Source } from "@deckhand/protocol";
import { classicTimestamp } from "./timestamp.ts";
import type { ClassicVersion } from "../dialect.ts";

interface Content {
  readonly content: string;
  readonly extras: object;
  readonly message?: string;
}

/** `source` is the source that the client sees. */
export function observationFrame(event: Observation, source: Source, version: ClassicVersion): object {
  const { content, extras, message = event.message } = contentOf(event, version);
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

function contentOf(event: Observation, version: ClassicVersion): Content {
  const { content } = event;
  switch (event.observation) {
    case "run":
      return {
        content: version === "0.14" ? terminalText(event) : olderTimeoutNote(event),
        extras: runExtras(event.extras, version),
      };
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
      return error(event, version);
    default:
      return { content, extras: event.extras };
  }
}

/** With CRLF line ends, and preceded by the agent's command, which the web UI does not print itself. */
function terminalText(event: Observation<"run">): string {
  const typed = event.source === "agent" ? `${event.extras.command}\n` : "";
  return (typed + event.content.replace(/\r?\n$/, "")).replaceAll(/\r?\n/g, "\r\n");
}

function olderTimeoutNote({ content, extras }: Observation<"run">): string {
  return extras.ended_by === "timeout" ? content.replace(/interrupt the command\.\]$/, "interrupt it.]") : content;
}

function runExtras({ command, exit_code, hidden }: ObservationExtras<"run">, version: ClassicVersion): object {
  const newFields = version === "0.14" ? { hidden, interpreter_details: "" } : {};
  return { command_id: -1, command, exit_code, ...newFields };
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
 * OpenHands 0.9 sent the same sentence for every failed turn; the actual cause is added to its extras, which were
 * empty. The code is an addition for both versions.
 */
function error(event: Observation<"error">, version: ClassicVersion): Content {
  const { code, retryable, error_id: id } = event.extras;
  if (version === "0.14") return { content: event.content, extras: { error_id: id, code, retryable } };
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
