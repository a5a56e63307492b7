/** What a subagent returns: bounded text for its parent's model, and named outputs for programs. */
import type { Action, AgentState } from "@deckhand/protocol";
import type { Outcome } from "../../tools/tool.ts";
import type { IdleResult } from "./await-idle.ts";

/** About three thousand tokens for the parent's model. An agent that returns more should write a file. */
const maxChars = 12_000;

export interface Ended {
  readonly agent: string;
  readonly conversation: string;
  readonly steps: number;
  readonly costUsd: number;
  readonly durationMs: number;
}

export function outcomeOf({ state, reason, finalAction }: IdleResult, ended: Ended): Outcome<"delegate"> {
  const { agent, conversation, steps, costUsd, durationMs } = ended;
  const { text, outputs } = answerIn(finalAction);
  const named = Object.entries(outputs).map(
    ([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value, null, 1)}`,
  );
  const because = reason === "" ? "" : ` (${reason.trim()})`;
  const head = `${agent} ${endings[state] ?? "is still working"}${because}. Conversation ${conversation}.`;
  const body = cut([text, ...named].filter((part) => part !== "").join("\n\n"));
  const json = JSON.stringify(outputs);
  return {
    observation: "delegate",
    content: body === "" ? head : `${head}\n\n${body}`,
    extras: {
      outputs: json.length > maxChars ? { cut: cut(json) } : outputs,
      conversation,
      agent,
      agent_state: state,
      steps,
      cost_usd: costUsd,
      duration_ms: durationMs,
    },
  };
}

function answerIn(action: IdleResult["finalAction"]): {
  readonly text: string;
  readonly outputs: Action<"finish">["args"]["outputs"];
} {
  if (action === null) return { text: "", outputs: {} };
  if (action.action === "message") return { text: action.args.content, outputs: {} };
  return { text: action.args.thought, outputs: action.args.outputs };
}

const endings: Partial<Record<AgentState, string>> = {
  finished: "has finished",
  rejected: "could not do the task",
  awaiting_user_input: "has answered",
  paused: "was paused before it finished",
  stopped: "was stopped before it finished",
  error: "failed",
};

function cut(text: string): string {
  if (text.length <= maxChars) return text;
  const half = maxChars / 2;
  const omitted = text.length - maxChars;
  return `${text.slice(0, half)}\n[… ${omitted} characters omitted; the subagent's conversation has them …]\n${text.slice(-half)}`;
}
