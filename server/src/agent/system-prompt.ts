/** What the model is told before anything else: the agent's own words first, which are the same everywhere, then where it works. No clock and no state stands in it. */
import type { Definition } from "./definitions/definition.ts";

export function systemPrompt({ prompt, tools }: Definition, workspace: string): string {
  const shell = tools.includes("run") ? ", where your shell starts" : "";
  return `${prompt}\n\nThe workspace is ${workspace}${shell}.`;
}
