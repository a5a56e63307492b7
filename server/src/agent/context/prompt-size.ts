import type { Model } from "../../llm/model.ts";
import type { Agent } from "../agents.ts";
import type { PromptSize } from "./prompt.ts";

/** Share of what the model can read that a single result may take, and the characters of a token that this counts on. */
const resultShare = 0.2;
const charsOfToken = 3;
const leastChars = 2000;

export function promptSize(agent: Agent, { contextTokens }: Model): PromptSize {
  const tokens = contextTokens ?? Number.POSITIVE_INFINITY;
  return { fixedChars: agent.promptChars, maxResultChars: Math.max(leastChars, tokens * resultShare * charsOfToken) };
}
