/** Parses frames of classic clients into actions of the log (OPENHANDS-PROTOCOL, sections 1.7, 1.8 and 2). */
import { DeckhandError } from "@deckhand/protocol";
import { parseFrame, type FrameObject } from "../../wire/parse-frame.ts";
import { normalizeAction, type NormalizedAction } from "../../wire/client-action.ts";

/** The oldest clients have a separate action for each of these states. */
const stateActions: Readonly<Record<string, string>> = { pause: "paused", resume: "running", stop: "stopped" };

const renamedArgs: Readonly<Record<string, string>> = {
  is_confirmed: "confirmation_state",
  images_urls: "image_urls",
};

/** Fails with a `DeckhandError` whose message is sent to the client. */
export function parseClassicFrame(text: string | undefined): NormalizedAction {
  const frame = parse(text);
  if (Object.hasOwn(frame, "observation")) throw new DeckhandError("bad_frame", "Only the server sends observations.");
  const { action, args = {} } = frame;
  if (typeof action !== "string") throw new DeckhandError("bad_frame");
  if (typeof args !== "object" || args === null || Array.isArray(args)) {
    throw new DeckhandError("bad_args", "`args` must be an object.");
  }
  if (Object.hasOwn(stateActions, action))
    return normalizeAction("change_agent_state", { agent_state: stateActions[action] });
  if (action === "initialize") return normalizeAction(action, args);
  const current = currentArgs(args, frame["timeout"]);
  // These clients have no background processes, so a timeout interrupts the command, as in OpenHands.
  return normalizeAction(action, action === "run" ? { on_timeout: "interrupt", ...current } : current);
}

function parse(text: string | undefined): FrameObject {
  try {
    return parseFrame(text);
  } catch (error) {
    if (error instanceof DeckhandError && error.code === "bad_json")
      throw new DeckhandError("bad_json", "Invalid JSON");
    throw error;
  }
}

/** Moves `timeout` into the arguments, renames older ones, and drops the web UI's timestamp of a message. */
function currentArgs(args: object, timeout: unknown): Record<string, unknown> {
  const current: Record<string, unknown> = typeof timeout === "number" ? { timeout } : {};
  for (const [name, value] of Object.entries(args)) {
    if (name !== "timestamp") current[Object.hasOwn(renamedArgs, name) ? (renamedArgs[name] ?? name) : name] = value;
  }
  return current;
}
