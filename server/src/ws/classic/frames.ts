/** What classic clients send, in the terms of the log. OPENHANDS-PROTOCOL, sections 1.7, 1.8 and 2. */
import { DeckhandError } from "@deckhand/protocol";
import { parseFrame, type FrameObject } from "../../wire/parse-frame.ts";
import { normalizeAction, type NormalizedAction } from "../../wire/client-action.ts";

/** The first schema had an action of its own for each of these. */
const stateOf: Readonly<Record<string, string>> = { pause: "paused", resume: "running", stop: "stopped" };

const olderArgs: Readonly<Record<string, string>> = {
  is_confirmed: "confirmation_state",
  images_urls: "image_urls",
};

/** Fails with a `DeckhandError` whose message is what the client is told. */
export function parseClassicFrame(text: string | undefined): NormalizedAction {
  const given = parsed(text);
  if (Object.hasOwn(given, "observation")) throw new DeckhandError("bad_frame", "Observations come from the server.");
  const { action, args = {} } = given;
  if (typeof action !== "string") throw new DeckhandError("bad_frame");
  if (typeof args !== "object" || args === null || Array.isArray(args)) {
    throw new DeckhandError("bad_args", "`args` is no object.");
  }
  if (Object.hasOwn(stateOf, action)) return normalizeAction("change_agent_state", { agent_state: stateOf[action] });
  if (action === "initialize") return normalizeAction(action, args);
  const newer = newerArgs(args, given["timeout"]);
  // These clients know of no jobs: a time-out ends a command, as it did.
  return normalizeAction(action, action === "run" ? { on_timeout: "interrupt", ...newer } : newer);
}

function parsed(text: string | undefined): FrameObject {
  try {
    return parseFrame(text);
  } catch (error) {
    if (error instanceof DeckhandError && error.code === "bad_json")
      throw new DeckhandError("bad_json", "Invalid JSON");
    throw error;
  }
}

/** The time-out stands beside `args` here; the page's own time of a message is dropped. */
function newerArgs(args: object, timeout: unknown): Record<string, unknown> {
  const newer: Record<string, unknown> = typeof timeout === "number" ? { timeout } : {};
  for (const [name, value] of Object.entries(args)) {
    if (name !== "timestamp") newer[Object.hasOwn(olderArgs, name) ? (olderArgs[name] ?? name) : name] = value;
  }
  return newer;
}
