import type { Model } from "../../llm/model.ts";
import type { Agent } from "../agents.ts";

export interface PromptSize {
  /** Length of the system prompt and the tool specs. */
  readonly fixedChars: number;
  /** Longer tool results are cut in the middle, for models with a small context window. */
  readonly maxResultChars: number;
}

/** Share of the context window that one result may take, and the characters per token assumed for it. */
const resultShare = 0.2;
const charsPerToken = 3;
const minResultChars = 2000;

export function promptSize(agent: Agent, { contextTokens }: Model): PromptSize {
  const tokens = contextTokens ?? Number.POSITIVE_INFINITY;
  const maxResultChars = Math.max(minResultChars, tokens * resultShare * charsPerToken);
  return { fixedChars: agent.promptChars, maxResultChars };
}
