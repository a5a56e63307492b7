/** What lies under the one line of an action, and whether it is worth showing before anybody asks. */
import type { Action, AgentState, ChildReport, Observation, ObservationExtras } from "@deckhand/protocol";
import { formatSize } from "../i18n/format.ts";
import type { Messages } from "../i18n/messages.ts";

export type Part =
  | {
      readonly type: "text";
      readonly label: string;
      readonly text: string;
      readonly tone: "plain" | "bad";
      /** What it is written in, by name or by a file's ending. */
      readonly language: string;
      /** Its end says more than its beginning, and it may still grow. */
      readonly from: "start" | "end";
    }
  | { readonly type: "diff"; readonly patch: string; readonly path: string }
  | { readonly type: "plan"; readonly tasks: ObservationExtras<"plan">["tasks"] }
  | { readonly type: "image"; readonly address: string }
  | { readonly type: "child"; readonly child: SubagentView };

/** How an agent is that works for this one. */
export interface SubagentView {
  readonly conversation: string;
  readonly agent: string;
  readonly state: AgentState | null;
  readonly steps: number;
  readonly costUsd: number;
  /** What it waits for a person with. */
  readonly question: string;
}

export interface CardParts {
  readonly parts: readonly Part[];
  readonly openInitially: boolean;
}

export function cardPartsOf(
  action: Action,
  observation: Observation | undefined,
  live: string | undefined,
  t: Messages,
  child?: ChildReport,
): CardParts {
  const asked = requestParts(action, t);
  if (observation === undefined) {
    if (child !== undefined)
      return { parts: [...asked, { type: "child", child: subagentViewOf(child) }], openInitially: true };
    if (live === undefined || live === "") return { parts: asked, openInitially: false };
    return { parts: [...asked, textPart(t.actions.outputSoFar, live, { from: "end" })], openInitially: true };
  }
  const { content } = observation;
  switch (observation.observation) {
    case "job":
    case "run": {
      const { whole, screen } = observation.extras;
      const parts = [...asked];
      if (content !== "")
        parts.push(textPart(screen === undefined ? t.actions.output : t.actions.screen, content, { from: "end" }));
      if (whole !== undefined)
        parts.push(textPart(t.actions.fullOutput, t.actions.fullOutputFile(whole.path, formatSize(whole.size_bytes))));
      return { parts, openInitially: content !== "" };
    }
    case "run_ipython":
      return {
        parts: [...asked, ...unlessEmpty(textPart(t.actions.output, content, { from: "end" }))],
        openInitially: content !== "",
      };
    case "edit":
      return { parts: [{ type: "diff", patch: content, path: observation.extras.path }], openInitially: true };
    case "read":
      return {
        parts: unlessEmpty(textPart(t.actions.content, content, { language: observation.extras.path })),
        openInitially: false,
      };
    case "plan":
      return { parts: [{ type: "plan", tasks: observation.extras.tasks }], openInitially: true };
    case "browse": {
      const { title, text: readable, error, screenshot } = observation.extras;
      const shown = readable || (error ? content : "");
      return {
        parts: [...imageParts([screenshot]), ...unlessEmpty(textPart(title || t.actions.page, shown, { bad: error }))],
        openInitially: error,
      };
    }
    case "call_tool": {
      const { is_error: bad = false, images: pictures = [] } = observation.extras;
      return {
        parts: [
          ...asked,
          ...imageParts(pictures),
          ...unlessEmpty(textPart(t.actions.result, content, { bad, language: languageOfResult(content) })),
        ],
        openInitially: bad,
      };
    }
    case "delegate": {
      const { conversation, agent, agent_state: state, steps, cost_usd: costUsd } = observation.extras;
      const ended: SubagentView = { conversation, agent, state, steps, costUsd, question: "" };
      return {
        parts: [{ type: "child", child: ended }, ...unlessEmpty(textPart(t.actions.result, content))],
        openInitially: content !== "",
      };
    }
    case "error":
      return { parts: [...asked, textPart(t.common.error, content, { bad: true })], openInitially: true };
    default:
      return {
        parts: asked.length > 0 ? asked : unlessEmpty(textPart(t.actions.content, content)),
        openInitially: false,
      };
  }
}

/** What the line has no room for: a command of several lines, the content of a file, arguments. */
function requestParts(action: Action, t: Messages): readonly Part[] {
  switch (action.action) {
    case "run": {
      const { command } = action.args;
      return command.trim().includes("\n") ? [textPart(t.actions.command, command, { language: "sh" })] : [];
    }
    case "write":
      return unlessEmpty(textPart(t.actions.content, action.args.content, { language: action.args.path }));
    case "run_ipython":
      return action.args.code.trim().includes("\n")
        ? [textPart(t.actions.code, action.args.code, { language: "py" })]
        : [];
    case "call_tool":
    case "delegate": {
      const given = action.action === "delegate" ? action.args.inputs : action.args.arguments;
      if (Object.keys(given).length === 0) return [];
      return [textPart(t.actions.arguments, JSON.stringify(given, null, 2), { language: "json" })];
    }
    default:
      return [];
  }
}

function unlessEmpty(part: Part): readonly Part[] {
  return part.type === "text" && part.text === "" ? [] : [part];
}

function subagentViewOf({
  conversation,
  agent,
  agent_state: state,
  steps,
  cost_usd: costUsd,
  awaiting,
}: ChildReport): SubagentView {
  return { conversation, agent, state, steps, costUsd, question: awaiting?.message ?? "" };
}

/** Pictures come with the event or not at all: the page fetches nothing from elsewhere. */
function imageParts(addresses: readonly string[]): readonly Part[] {
  return addresses
    .filter((address) => address.startsWith("data:image/"))
    .map((address): Part => ({ type: "image", address }));
}

function languageOfResult(content: string): string {
  return /^\s*[[{]/.test(content) ? "json" : "";
}

interface TextOptions {
  readonly bad?: boolean;
  readonly language?: string;
  readonly from?: "start" | "end";
}

function textPart(
  label: string,
  content: string,
  { bad = false, language = "", from = "start" }: TextOptions = {},
): Part {
  return { type: "text", label, text: content, tone: bad ? "bad" : "plain", language, from };
}
