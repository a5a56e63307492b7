/**
 * How full the context window is at a request, and with what. The total is what the model counted; it is divided among
 * the parts by their length in characters.
 */
import type { ContextPart, ContextUse } from "@deckhand/protocol";
import type { Model } from "../../llm/model.ts";
import type { Agent } from "../agents.ts";
import type { Prompt } from "./prompt.ts";

const parts = ["system", "tools", "instructions", "user", "replies", "outputs", "summary", "notes"] as const;

/**
 * For the request the prompt makes now. `counted` is the provider's count of input tokens, or 0 when it reports none.
 */
export function contextUsage(prompt: Prompt, agent: Agent, model: Model): (counted: number) => ContextUse {
  const messages = prompt.charsByPart;
  const estimated = prompt.tokens;
  const charsOf = (part: ContextPart): number => {
    if (part === "system") return agent.prompt.length;
    return part === "tools" ? agent.promptChars - agent.prompt.length : (messages.get(part) ?? 0);
  };
  const charsByPart = parts.map((part) => [part, charsOf(part)] as const);
  return (counted) => {
    const tokens = counted > 0 ? counted : estimated;
    return { tokens, limit: model.contextTokens ?? null, by: divide(tokens, charsByPart) };
  };
}

/** Whole numbers that add up to `total`. */
function divide(total: number, charsByPart: readonly (readonly [ContextPart, number])[]): ContextUse["by"] {
  const sum = charsByPart.reduce((before, [, chars]) => before + chars, 0) || 1;
  let before = 0;
  const shares = charsByPart.map(([part, chars]) => {
    const from = Math.round((before / sum) * total);
    before += chars;
    return [part, Math.round((before / sum) * total) - from] as const;
  });
  return Object.fromEntries(shares) as ContextUse["by"];
}
