/** How full the model's context is at a request, and of what: the model counts the whole, the parts are shared out by their characters. */
import type { ContextPart, ContextUse } from "@deckhand/protocol";
import type { Model } from "../../llm/model.ts";
import type { Agent } from "../agents.ts";
import type { Prompt } from "./prompt.ts";

const parts = ["system", "tools", "instructions", "user", "replies", "outputs", "summary", "notes"] as const;

/** Of the request that the prompt makes now; `counted` is what the model will say that it has read, 0 where it says nothing. */
export function contextUsage(prompt: Prompt, agent: Agent, model: Model): (counted: number) => ContextUse {
  const messages = prompt.charsByPart;
  const estimated = prompt.tokens;
  const chars = (part: ContextPart): number => {
    if (part === "system") return agent.prompt.length;
    return part === "tools" ? agent.promptChars - agent.prompt.length : (messages.get(part) ?? 0);
  };
  const all = parts.map((part) => [part, chars(part)] as const);
  return (counted) => {
    const tokens = counted > 0 ? counted : estimated;
    return { tokens, limit: model.contextTokens ?? null, by: shares(all, tokens) };
  };
}

/** Whole numbers whose sum is `whole`. */
function shares(of: readonly (readonly [ContextPart, number])[], whole: number): ContextUse["by"] {
  const sum = of.reduce((so, [, chars]) => so + chars, 0) || 1;
  let before = 0;
  const shared = of.map(([part, chars]) => {
    const from = Math.round((before / sum) * whole);
    before += chars;
    return [part, Math.round((before / sum) * whole) - from] as const;
  });
  return Object.fromEntries(shared) as ContextUse["by"];
}
