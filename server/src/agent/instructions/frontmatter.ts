import { parse } from "yaml";
import { z } from "zod";

const words = z.union([z.string().transform((word) => [word]), z.array(z.string())]).catch([]);

/** Of SKILL.md (agentskills.io) and of OpenHands' microagents; what is not understood is as if it were not there. */
const head = z.object({
  name: z.string().catch(""),
  description: z.string().catch(""),
  triggers: words,
  /** Globs of the files that it is about. */
  paths: words,
  globs: words,
});
export type Frontmatter = z.infer<typeof head>;

const fence = /^---\r?\n([\s\S]*?)\r?\n---\r?\n?/;
const nothing: Frontmatter = { name: "", description: "", triggers: [], paths: [], globs: [] };

export function splitFrontmatter(text: string): { readonly head: Frontmatter; readonly body: string } {
  const found = fence.exec(text);
  if (found === null) return { head: nothing, body: text };
  const body = text.slice(found[0].length);
  try {
    // Without aliases, with which a small file could become a huge one.
    return { head: head.parse(parse(found[1] ?? "", { maxAliasCount: 0 })), body };
  } catch {
    return { head: nothing, body };
  }
}
