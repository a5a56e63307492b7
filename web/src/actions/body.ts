/** What lies under the one line of an action, and whether it is worth showing before anybody asks. */
import type { Action, Observation, ObservationExtras } from "@deckhand/protocol";

export type Part =
  | { readonly type: "text"; readonly label: string; readonly text: string; readonly tone: "plain" | "bad" }
  | { readonly type: "diff"; readonly text: string }
  | { readonly type: "plan"; readonly tasks: ObservationExtras<"plan">["tasks"] };

export interface Body {
  readonly parts: readonly Part[];
  readonly openAtFirst: boolean;
}

const nothing: Body = { parts: [], openAtFirst: false };

export function bodyOf(action: Action, observation: Observation | undefined, live: string | undefined): Body {
  const asked = askedParts(action);
  if (observation === undefined) {
    if (live === undefined || live === "") return { parts: asked, openAtFirst: false };
    return { parts: [...asked, text("Output so far", live)], openAtFirst: true };
  }
  switch (observation.observation) {
    case "job":
    case "run": {
      const { whole } = observation.extras;
      const parts = [...asked];
      if (observation.content !== "")
        parts.push(text(observation.extras.screen === undefined ? "Output" : "Screen", observation.content));
      if (whole !== undefined) parts.push(text("The whole output", `${whole.path} (${whole.size_bytes} bytes)`));
      return { parts, openAtFirst: observation.content !== "" };
    }
    case "edit":
      return { parts: [{ type: "diff", text: observation.content }], openAtFirst: true };
    case "plan":
      return { parts: [{ type: "plan", tasks: observation.extras.tasks }], openAtFirst: true };
    case "browse": {
      const { title, text: readable, error } = observation.extras;
      const shown = readable || (error ? observation.content : "");
      return shown === "" ? nothing : { parts: [text(title || "Page", shown, error)], openAtFirst: error };
    }
    case "error":
      return { parts: [...asked, text("Error", observation.content, true)], openAtFirst: true };
    default:
      return observation.content === "" ? { parts: asked, openAtFirst: false } : closed(asked, observation.content);
  }
}

function closed(asked: readonly Part[], content: string): Body {
  return { parts: asked.length > 0 ? asked : [text("Content", content)], openAtFirst: false };
}

/** What the line has no room for: a command of several lines, the content of a file. */
function askedParts(action: Action): readonly Part[] {
  switch (action.action) {
    case "run":
      return action.args.command.trim().includes("\n") ? [text("Command", action.args.command)] : [];
    case "write":
      return action.args.content === "" ? [] : [text("Content", action.args.content)];
    default:
      return [];
  }
}

function text(label: string, content: string, bad = false): Part {
  return { type: "text", label, text: content, tone: bad ? "bad" : "plain" };
}
