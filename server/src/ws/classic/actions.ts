/**
 * An action as a classic frame, with every argument that the original had (OPENHANDS-PROTOCOL, section 2.2). Kinds that
 * it did not know go as they are: its page ignores them.
 */
import type { Action } from "@deckhand/protocol";
import { classicTimestamp } from "./timestamp.ts";
import type { ClassicVersion } from "../dialect.ts";

/** Live frames carry what the original's runtime filled in after it had stored the action. */
type When = "live" | "replay";

/** Seconds that the original gave to every action. */
const defaultTimeout = 120;

export function actionFrame(event: Action, era: ClassicVersion, when: When): object {
  const kind = event.action === "start" ? "message" : event.action;
  const timeout = event.action === "run" ? (event.args.timeout ?? defaultTimeout) : defaultTimeout;
  return {
    id: event.id,
    timestamp: classicTimestamp(event.timestamp),
    source: event.source === "environment" && era === "0.9" ? "agent" : event.source,
    message: sentence(event, era),
    action: kind,
    args: argsOf(event, era, when),
    ...(when === "live" ? { timeout } : {}),
  };
}

function argsOf(event: Action, era: ClassicVersion, when: When): object {
  const newer = era === "0.14";
  switch (event.action) {
    case "start":
      return message(event.args.task, null, false, era);
    case "message":
      return message(event.args.content, event.args.image_urls, event.args.wait_for_response, era);
    case "run": {
      const { command, thought, hidden, confirmation_state: state } = event.args;
      const blocking = when === "live";
      return { command, thought, blocking, keep_prompt: true, ...(newer ? { hidden } : {}), ...confirmed(state, era) };
    }
    case "run_ipython": {
      const { code, thought, confirmation_state: state } = event.args;
      const extra = newer ? { include_extra: true } : {};
      return { code, thought, ...extra, ...confirmed(state, era), kernel_init_code: "" };
    }
    case "edit": {
      const { path, old_str, new_str, thought } = event.args;
      return { path, content: new_str, start: 1, end: -1, thought, old_str, new_str };
    }
    case "browse_interactive":
      return { ...event.args, browsergym_send_msg_to_user: "" };
    case "delegate": {
      const { agent, inputs, task, thought } = event.args;
      return { agent, inputs: task === "" ? inputs : { task, ...inputs }, thought };
    }
    case "finish": {
      const { outputs, thought } = event.args;
      return { outputs, thought };
    }
    default:
      return event.args;
  }
}

function message(content: string, images: readonly string[] | null, waits: boolean, era: ClassicVersion): object {
  return { content, [era === "0.14" ? "image_urls" : "images_urls"]: images, wait_for_response: waits };
}

function confirmed(state: string, era: ClassicVersion): object {
  return { [era === "0.14" ? "confirmation_state" : "is_confirmed"]: state };
}

function sentence(event: Action, era: ClassicVersion): string {
  if (event.action === "edit") return "";
  if (event.action === "browse_interactive" && era === "0.9") {
    return `Executing browser actions: ${event.args.browser_actions}`;
  }
  return event.message;
}
