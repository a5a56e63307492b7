/** The parts of an event that a reader wants to see; Markdown and HTML exports are rendered from them. */
import { isAction, type Action, type Event, type Observation } from "@deckhand/protocol";

export type Block =
  | {
      readonly type: "message";
      readonly by: "user" | "agent";
      readonly text: string;
      readonly images: readonly string[];
    }
  | { readonly type: "thought"; readonly text: string }
  | {
      readonly type: "code";
      readonly label: string;
      readonly language: "bash" | "diff" | "text";
      readonly text: string;
    }
  | { readonly type: "note"; readonly text: string };

export function toBlocks(event: Event): readonly Block[] {
  const blocks = isAction(event) ? actionBlocks(event) : observationBlocks(event);
  return blocks.filter((block) => block.text.trim() !== "");
}

function actionBlocks(event: Action): readonly Block[] {
  const thought = "thought" in event.args ? event.args.thought : undefined;
  const thoughts: readonly Block[] = typeof thought === "string" ? [{ type: "thought", text: thought }] : [];
  const by = event.source === "user" ? "user" : "agent";
  switch (event.action) {
    case "start":
      return [{ type: "message", by, text: event.args.task, images: [] }];
    case "message":
      return [{ type: "message", by, text: event.args.content, images: event.args.image_urls ?? [] }];
    case "finish":
      return [{ type: "message", by, text: event.message, images: [] }];
    case "think":
      return thoughts;
    case "run":
      return [...thoughts, { type: "code", label: "Command", language: "bash", text: event.args.command }];
    case "write":
      return [
        ...thoughts,
        { type: "code", label: `Write ${event.args.path}`, language: "text", text: event.args.content },
      ];
    case "initialize":
    case "change_agent_state":
      return [];
    default:
      return [...thoughts, { type: "note", text: event.message || event.action }];
  }
}

function observationBlocks(event: Observation): readonly Block[] {
  const code = (label: string, language: "diff" | "text" = "text"): readonly Block[] => [
    { type: "code", label, language, text: event.content },
  ];
  switch (event.observation) {
    case "chat":
    case "reply":
    case "title":
    case "child":
    case "checkpoint":
    case "terminal":
    case "status":
    case "write":
      return [];
    case "job":
      return event.content.trim() === "" ? [{ type: "note", text: event.message }] : code(event.message);
    case "run":
      if (event.extras.job !== undefined) return [...code("Output"), { type: "note", text: event.message }];
      return event.content.trim() === ""
        ? [{ type: "note", text: `Exit code ${event.extras.exit_code}, no output` }]
        : code(`Output, exit code ${event.extras.exit_code}`);
    case "edit":
      return code(`Changes in ${event.extras.path}`, "diff");
    case "browse":
      return [{ type: "note", text: `${event.message} ${event.extras.title}` }];
    case "error":
      return [{ type: "note", text: `${event.extras.code}: ${event.content}` }];
    case "agent_state_changed":
      return [{ type: "note", text: event.extras.reason ?? stateLabels[event.extras.agent_state] ?? "" }];
    default:
      return event.content.trim() === "" ? [{ type: "note", text: event.message }] : code(event.observation);
  }
}

/** States that are not apparent from the other events. */
const stateLabels: Readonly<Record<string, string>> = { paused: "Paused", stopped: "Stopped", finished: "Finished" };

// oxlint-disable-next-line eslint/no-control-regex -- escape sequences begin with one
const escapeSequences = /\u001B\[[0-?]*[ -/]*[@-~]/g;

/** Removes escape sequences, control characters and bidirectional overrides; keeps tabs and newlines. */
export function stripControls(text: string): string {
  return text
    .replaceAll(escapeSequences, "")
    .replaceAll(/\r\n?/g, "\n")
    .replaceAll(/(?![\n\t])[\p{Cc}\u202A-\u202E\u2066-\u2069]/gu, "");
}
