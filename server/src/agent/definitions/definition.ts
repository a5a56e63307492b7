/**
 * An agent as a file: a head of YAML between two lines `---`, then the system prompt.
 *
 *   ---
 *   name: reviewer
 *   description: Reviews what it is pointed to.      one line; who delegates reads it
 *   tools: [read, search]                            by their names on the wire; finish and reject come by themselves
 *   outputs: { findings: list, verdict: string }     what its `finish` is asked for: string, boolean, number, or list of strings
 *   model: gpt-4o-mini                               else the conversation's
 *   limits: { steps: 30, cost_usd: 0.5, seconds: 600, tokens: 500000 }
 *   approval: always                                 never looser than what holds without it
 *   ---
 *   You review code …
 *
 * What is wrong with one is said with its line, and it is left out as a whole: an agent with half of its limits is another one.
 */
import { LineCounter, parseDocument } from "yaml";
import { z } from "zod";
import { approvalPolicies, type ActionKind } from "@deckhand/protocol";

/** What a definition can name; `message` and the plan of the first protocol are DummyAgent's alone. */
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

export interface DefinitionError {
  /** From 1. */
  readonly line: number;
  readonly reason: string;
}

/** The prompt costs these at every request. */
const mostPromptChars = 20_000;
const fence = /^---[ \t]*\r?\n([\s\S]*?)^---[ \t]*(?:\r?\n|$)/m;

export function parseDefinition(text: string): Definition | DefinitionError {
  const found = fence.exec(text);
  if (found === null || found.index !== 0)
    return { line: 1, reason: "It has to begin with a head between two lines of ---." };
  const yaml = found[1] ?? "";
  const lines = new LineCounter();
  // A key twice is an error; aliases, with which a small file could become a huge one, are refused below.
  const document = parseDocument(yaml, { lineCounter: lines, uniqueKeys: true });
  const lineAt = (offset: number): number => lines.linePos(offset).line + 1;
  const [broken] = document.errors;
  if (broken !== undefined) return { line: lineAt(broken.pos[0]), reason: broken.message.split("\n", 1)[0] ?? "" };
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 0 });
  } catch (error) {
    return { line: 2, reason: (error as Error).message };
  }
  const parsed = head.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const path = [...(issue?.path ?? []), ...(issue?.code === "unrecognized_keys" ? issue.keys.slice(0, 1) : [])];
    return { line: lineOf(path) ?? 2, reason: `${path.join(".") || "head"}: ${issue?.message ?? "not understood"}` };
  }
  const prompt = text.slice(found[0].length).trim();
  const bodyLine = text.slice(0, found[0].length).split("\n").length;
  if (prompt === "") return { line: bodyLine, reason: "Under the head there is no prompt." };
  if (prompt.length > mostPromptChars)
    return { line: bodyLine, reason: `The prompt is longer than ${mostPromptChars} characters.` };
  return { ...parsed.data, prompt };

  /** Of what the path leads to, or of the nearest thing above it that is there. */
  function lineOf(path: readonly PropertyKey[]): number | undefined {
    for (let length = path.length; length > 0; length -= 1) {
      const node = document.getIn(path.slice(0, length) as string[], true) as { range?: [number] | null } | undefined;
      if (node?.range !== undefined && node.range !== null) return lineAt(node.range[0]);
    }
    return undefined;
  }
}

export function isDefinitionError(parsed: Definition | DefinitionError): parsed is DefinitionError {
  return "reason" in parsed;
}
