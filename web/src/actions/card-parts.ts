/** The expanded content of an action's card, and whether it is open initially. */
import type { Action, AgentState, ChildReport, Observation, ObservationExtras } from "@deckhand/protocol";
import { formatSize } from "../i18n/format.ts";
import type { Messages } from "../i18n/messages.ts";

export type Part =
  | {
      readonly type: "text";
      readonly label: string;
      readonly text: string;
      readonly tone: "plain" | "bad";
      /** A language name or a file path; empty for plain text. */
      readonly language: string;
      /** Which part to show of a long text; with "end" the text may still grow. */
      readonly from: "start" | "end";
    }
  | { readonly type: "diff"; readonly patch: string; readonly path: string }
  | { readonly type: "plan"; readonly tasks: ObservationExtras<"plan">["tasks"] }
  | { readonly type: "image"; readonly url: string }
  | { readonly type: "child"; readonly child: SubagentView };

/** The progress of a subagent. */
export interface SubagentView {
  readonly conversation: string;
  readonly agent: string;
  readonly state: AgentState | null;
  readonly steps: number;
  readonly costUsd: number;
  /** What it asks the user; empty if nothing. */
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
  const request = requestParts(action, t);
  if (observation === undefined) {
    if (child !== undefined)
      return { parts: [...request, { type: "child", child: subagentViewOf(child) }], openInitially: true };
    if (live === undefined || live === "") return { parts: request, openInitially: false };
    return { parts: [...request, textPart(t.actions.outputSoFar, live, { from: "end" })], openInitially: true };
  }
  const { content } = observation;
  switch (observation.observation) {
    case "job":
    case "run": {
      const { whole, screen } = observation.extras;
      const parts = [...request];
      if (content !== "")
        parts.push(textPart(screen === undefined ? t.actions.output : t.actions.screen, content, { from: "end" }));
      if (whole !== undefined)
        parts.push(textPart(t.actions.fullOutput, t.actions.fullOutputFile(whole.path, formatSize(whole.size_bytes))));
      return { parts, openInitially: content !== "" };
    }
    case "run_ipython":
      return {
        parts: [...request, ...unlessEmpty(textPart(t.actions.output, content, { from: "end" }))],
        openInitially: content !== "",
      };
    case "edit": {
      const { path } = observation.extras;
      const isDiff = /^@@ /m.test(content);
      return {
        parts: isDiff ? [{ type: "diff", patch: content, path }] : unlessEmpty(textPart(t.actions.changes, content)),
        openInitially: true,
      };
    }
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
      const { is_error: bad = false, images: embedded = [] } = observation.extras;
      return {
        parts: [
          ...request,
          ...imageParts(embedded),
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
      return { parts: [...request, textPart(t.common.error, content, { bad: true })], openInitially: true };
    default:
      return {
        parts: request.length > 0 ? request : unlessEmpty(textPart(t.actions.content, content)),
        openInitially: false,
      };
  }
}

/** Arguments that do not fit the summary line: multi-line commands, file contents and so on. */
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
      const args = action.action === "delegate" ? action.args.inputs : action.args.arguments;
      if (Object.keys(args).length === 0) return [];
      return [textPart(t.actions.arguments, JSON.stringify(args, null, 2), { language: "json" })];
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

/** Only embedded images are shown: the UI loads nothing from other hosts. */
function imageParts(urls: readonly string[]): readonly Part[] {
  return urls.filter((url) => url.startsWith("data:image/")).map((url): Part => ({ type: "image", url }));
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
