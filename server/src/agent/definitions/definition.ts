/**
 * An agent as a Markdown file: YAML frontmatter between two `---` lines, then the system prompt.
 *
 *   ---
 *   name: reviewer
 *   description: Reviews code it is pointed to.      one line, for agents that delegate
 *   tools: [read, search]                            by their names on the wire; finish and reject are always added
 *   outputs: { findings: list, verdict: string }     what its `finish` returns: string, boolean, number, or list of strings
 *   model: gpt-4o-mini                               default: the model of the conversation
 *   limits: { steps: 30, cost_usd: 0.5, seconds: 600, tokens: 500000 }
 *   approval: always                                 can only be stricter than the server's policy
 *   ---
 *   You review code …
 *
 * An invalid definition is reported with its line and ignored as a whole: an agent with half of its limits would be a
 * different agent.
 */
import { LineCounter, parseDocument } from "yaml";
import { z } from "zod";
import { approvalPolicies, type ActionKind } from "@deckhand/protocol";

/** The tools a definition can name. `message` and the plan actions of OpenHands 0.9–0.14 are only for DummyAgent. */
export const namedTools = [
  "run",
  "job",
  "read",
  "write",
  "edit",
  "search",
  "browse",
  "browse_interactive",
  "run_ipython",
  "call_tool",
  "delegate",
  "think",
  "plan",
] as const satisfies readonly ActionKind[];

const name = z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/, "letters, digits, - and _, at most 64");
const head = z.strictObject({
  name,
  description: z.string().trim().min(1).max(300),
  tools: z.array(z.enum(namedTools)),
  outputs: z.record(name, z.enum(["string", "boolean", "number", "list"])).default({}),
  model: z.string().min(1).max(200).optional(),
  limits: z
    .strictObject({
      steps: z.int().min(1).optional(),
      cost_usd: z.number().positive().optional(),
      seconds: z.number().positive().optional(),
      tokens: z.int().min(1).optional(),
    })
    .default({}),
  approval: z.enum(approvalPolicies).optional(),
});

export type Definition = Readonly<z.infer<typeof head>> & { readonly prompt: string };

export type ParsedDefinition =
  | { readonly type: "valid"; readonly definition: Definition }
  /** `line` starts at 1. */
  | { readonly type: "invalid"; readonly line: number; readonly reason: string };

/** The prompt is sent with every request. */
const maxPromptChars = 20_000;
const fence = /^---[ \t]*\r?\n([\s\S]*?)^---[ \t]*(?:\r?\n|$)/m;

export function parseDefinition(text: string): ParsedDefinition {
  const found = fence.exec(text);
  if (found === null || found.index !== 0)
    return { type: "invalid", line: 1, reason: "The file must start with frontmatter between two --- lines." };
  const yaml = found[1] ?? "";
  const lines = new LineCounter();
  // Duplicate keys are errors. Aliases, which can expand a small file into a huge value, are rejected below.
  const document = parseDocument(yaml, { lineCounter: lines, uniqueKeys: true });
  const lineAt = (offset: number): number => lines.linePos(offset).line + 1;
  const [broken] = document.errors;
  if (broken !== undefined)
    return { type: "invalid", line: lineAt(broken.pos[0]), reason: broken.message.split("\n", 1)[0] ?? "" };
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 0 });
  } catch (error) {
    return { type: "invalid", line: 2, reason: (error as Error).message };
  }
  const parsed = head.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const path = [...(issue?.path ?? []), ...(issue?.code === "unrecognized_keys" ? issue.keys.slice(0, 1) : [])];
    return {
      type: "invalid",
      line: lineOf(path) ?? 2,
      reason: `${path.join(".") || "frontmatter"}: ${issue?.message ?? "invalid"}`,
    };
  }
  const prompt = text.slice(found[0].length).trim();
  const bodyLine = text.slice(0, found[0].length).split("\n").length;
  if (prompt === "") return { type: "invalid", line: bodyLine, reason: "The prompt is missing after the frontmatter." };
  if (prompt.length > maxPromptChars)
    return { type: "invalid", line: bodyLine, reason: `The prompt is longer than ${maxPromptChars} characters.` };
  return { type: "valid", definition: { ...parsed.data, prompt } };

  /** The line of the value at the path, or of its nearest existing parent. */
  function lineOf(path: readonly PropertyKey[]): number | undefined {
    for (let length = path.length; length > 0; length -= 1) {
      const node = document.getIn(path.slice(0, length) as string[], true) as { range?: [number] | null } | undefined;
      if (node?.range !== undefined && node.range !== null) return lineAt(node.range[0]);
    }
    return undefined;
  }
}
