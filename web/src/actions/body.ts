/** What lies under the one line of an action, and whether it is worth showing before anybody asks. */
import type { Action, AgentState, ChildReport, Observation, ObservationExtras } from "@deckhand/protocol";
import { formatSize } from "../i18n/format.ts";
import type { Messages } from "../i18n/i18n.ts";

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
  | { readonly type: "diff"; readonly text: string; readonly path: string }
  | { readonly type: "plan"; readonly tasks: ObservationExtras<"plan">["tasks"] }
  | { readonly type: "image"; readonly address: string }
  | { readonly type: "child"; readonly child: ChildView };

/** How an agent is that works for this one. */
export interface ChildView {
  readonly conversation: string;
  readonly agent: string;
  readonly state: AgentState | null;
  readonly steps: number;
  readonly costUsd: number;
  /** What it waits for a person with. */
  readonly asks: string;
}

export interface Body {
  readonly parts: readonly Part[];
  readonly openAtFirst: boolean;
}

export function bodyOf(
  action: Action,
  observation: Observation | undefined,
  live: string | undefined,
  t: Messages,
  child?: ChildReport,
): Body {
  const asked = askedParts(action, t);
  if (observation === undefined) {
    if (child !== undefined) return { parts: [...asked, { type: "child", child: viewOf(child) }], openAtFirst: true };
    if (live === undefined || live === "") return { parts: asked, openAtFirst: false };
    return { parts: [...asked, text(t.actions.outputSoFar, live, { from: "end" })], openAtFirst: true };
  }
  const { content } = observation;
  switch (observation.observation) {
    case "job":
    case "run": {
      const { whole, screen } = observation.extras;
      const parts = [...asked];
      if (content !== "")
        parts.push(text(screen === undefined ? t.actions.output : t.actions.screen, content, { from: "end" }));
      if (whole !== undefined)
        parts.push(text(t.actions.fullOutput, t.actions.fullOutputFile(whole.path, formatSize(whole.size_bytes))));
      return { parts, openAtFirst: content !== "" };
    }
    case "run_ipython":
      return {
        parts: [...asked, ...some(text(t.actions.output, content, { from: "end" }))],
        openAtFirst: content !== "",
      };
    case "edit":
      return { parts: [{ type: "diff", text: content, path: observation.extras.path }], openAtFirst: true };
    case "read":
      return {
        parts: some(text(t.actions.content, content, { language: observation.extras.path })),
        openAtFirst: false,
      };
    case "plan":
      return { parts: [{ type: "plan", tasks: observation.extras.tasks }], openAtFirst: true };
    case "browse": {
      const { title, text: readable, error, screenshot } = observation.extras;
      const shown = readable || (error ? content : "");
      return {
        parts: [...images([screenshot]), ...some(text(title || t.actions.page, shown, { bad: error }))],
        openAtFirst: error,
      };
    }
    case "call_tool": {
      const { is_error: bad = false, images: pictures = [] } = observation.extras;
      return {
        parts: [
          ...asked,
          ...images(pictures),
          ...some(text(t.actions.result, content, { bad, language: jsonIf(content) })),
        ],
        openAtFirst: bad,
      };
    }
    case "delegate": {
      const { conversation, agent, agent_state: state, steps, cost_usd: costUsd } = observation.extras;
      const ended: ChildView = { conversation, agent, state, steps, costUsd, asks: "" };
      return {
        parts: [{ type: "child", child: ended }, ...some(text(t.actions.result, content))],
        openAtFirst: content !== "",
      };
    }
    case "error":
      return { parts: [...asked, text(t.common.error, content, { bad: true })], openAtFirst: true };
    default:
      return { parts: asked.length > 0 ? asked : some(text(t.actions.content, content)), openAtFirst: false };
  }
}

/** What the line has no room for: a command of several lines, the content of a file, arguments. */
function askedParts(action: Action, t: Messages): readonly Part[] {
  switch (action.action) {
    case "run": {
      const { command } = action.args;
      return command.trim().includes("\n") ? [text(t.actions.command, command, { language: "sh" })] : [];
    }
    case "write":
      return some(text(t.actions.content, action.args.content, { language: action.args.path }));
    case "run_ipython":
      return action.args.code.trim().includes("\n") ? [text(t.actions.code, action.args.code, { language: "py" })] : [];
    case "call_tool":
    case "delegate": {
      const given = action.action === "delegate" ? action.args.inputs : action.args.arguments;
      if (Object.keys(given).length === 0) return [];
      return [text(t.actions.arguments, JSON.stringify(given, null, 2), { language: "json" })];
    }
    default:
      return [];
  }
}

function some(part: Part): readonly Part[] {
  return part.type === "text" && part.text === "" ? [] : [part];
}

function viewOf({
  conversation,
  agent,
  agent_state: state,
  steps,
  cost_usd: costUsd,
  awaiting,
}: ChildReport): ChildView {
  return { conversation, agent, state, steps, costUsd, asks: awaiting?.message ?? "" };
}

/** Pictures come with the event or not at all: the page fetches nothing from elsewhere. */
function images(addresses: readonly string[]): readonly Part[] {
  return addresses
    .filter((address) => address.startsWith("data:image/"))
    .map((address): Part => ({ type: "image", address }));
}

function jsonIf(content: string): string {
  return /^\s*[[{]/.test(content) ? "json" : "";
}

interface TextOptions {
  readonly bad?: boolean;
  readonly language?: string;
  readonly from?: "start" | "end";
}

function text(label: string, content: string, { bad = false, language = "", from = "start" }: TextOptions = {}): Part {
  return { type: "text", label, text: content, tone: bad ? "bad" : "plain", language, from };
}
