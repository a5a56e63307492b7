/**
 * An action as a classic frame, with every argument that OpenHands 0.9–0.14 sent (OPENHANDS-PROTOCOL, section 2.2).
 * Kinds unknown to OpenHands are sent unchanged, as its web UI ignores them.
 */
import type { Action } from "@deckhand/protocol";
import { classicTimestamp } from "./timestamp.ts";
import type { ClassicVersion } from "../dialect.ts";

/** Live frames carry fields that the OpenHands runtime filled in after storing the action. */
type When = "live" | "replay";

/** Seconds that OpenHands gave every action. */
const defaultTimeout = 120;

export function actionFrame(event: Action, version: ClassicVersion, when: When): object {
  const kind = event.action === "start" ? "message" : event.action;
  const timeout = event.action === "run" ? (event.args.timeout ?? defaultTimeout) : defaultTimeout;
  return {
    id: event.id,
    timestamp: classicTimestamp(event.timestamp),
    source: event.source === "environment" && version === "0.9" ? "agent" : event.source,
    message: sentence(event, version),
    action: kind,
    args: argsOf(event, version, when),
    ...(when === "live" ? { timeout } : {}),
  };
}

function argsOf(event: Action, version: ClassicVersion, when: When): object {
  const isNewer = version === "0.14";
  switch (event.action) {
    case "start":
      return message(event.args.task, null, false, version);
    case "message":
      return message(event.args.content, event.args.image_urls, event.args.wait_for_response, version);
    case "run": {
      const { command, thought, hidden, confirmation_state: state } = event.args;
      const blocking = when === "live";
      return {
        command,
        thought,
        blocking,
        keep_prompt: true,
        ...(isNewer ? { hidden } : {}),
        ...confirmation(state, version),
      };
    }
    case "run_ipython": {
      const { code, thought, confirmation_state: state } = event.args;
      const extra = isNewer ? { include_extra: true } : {};
      return { code, thought, ...extra, ...confirmation(state, version), kernel_init_code: "" };
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

function message(
  content: string,
  images: readonly string[] | null,
  waitForResponse: boolean,
  version: ClassicVersion,
): object {
  return { content, [version === "0.14" ? "image_urls" : "images_urls"]: images, wait_for_response: waitForResponse };
}

function confirmation(state: string, version: ClassicVersion): object {
  return { [version === "0.14" ? "confirmation_state" : "is_confirmed"]: state };
}

function sentence(event: Action, version: ClassicVersion): string {
  if (event.action === "edit") return "";
  if (event.action === "browse_interactive" && version === "0.9") {
    return `Executing browser actions: ${event.args.browser_actions}`;
  }
  return event.message;
}
