/** What a child gives back: for the model of its parent in words, bounded, and for programs by name. */
import type { AgentState } from "@deckhand/protocol";
import type { Outcome } from "../../tools/tool.ts";
import type { IdleResult } from "./await-idle.ts";

/** Of what the parent's model reads: some three thousand tokens. Whoever needs more has it write a file. */
const mostChars = 12_000;

export interface Ended {
  readonly agent: string;
  readonly conversation: string;
  readonly steps: number;
  readonly costUsd: number;
  readonly durationMs: number;
}

export function outcomeOf({ state, reason, finalAction: said }: IdleResult, ended: Ended): Outcome<"delegate"> {
  const { agent, conversation, steps, costUsd, durationMs } = ended;
  const given = said !== null && said.action !== "message" ? said.args.outputs : {};
  const words = said === null ? "" : said.action === "message" ? said.args.content : said.args.thought;
  const named = Object.entries(given).map(
    ([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value, null, 1)}`,
  );
  const head = `${agent} ${endings[state] ?? "is still at work"}${reason === "" ? "" : ` (${reason.trim()})`}. Conversation ${conversation}.`;
  const body = cut([words, ...named].filter((part) => part !== "").join("\n\n"));
  const outputs = JSON.stringify(given).length > mostChars ? { cut: cut(JSON.stringify(given)) } : given;
  return {
    observation: "delegate",
    content: body === "" ? head : `${head}\n\n${body}`,
    extras: { outputs, conversation, agent, agent_state: state, steps, cost_usd: costUsd, duration_ms: durationMs },
  };
}

const endings: Partial<Record<AgentState, string>> = {
  finished: "has finished",
  rejected: "could not do it",
  awaiting_user_input: "has answered",
  paused: "was paused before it had finished",
  stopped: "was stopped before it had finished",
  error: "failed",
};

function cut(text: string): string {
  if (text.length <= mostChars) return text;
  const half = mostChars / 2;
  return `${text.slice(0, half)}\n[… ${text.length - mostChars} characters are left out; its conversation has them …]\n${text.slice(-half)}`;
}
