import { parse } from "yaml";
import { z } from "zod";

const strings = z.union([z.string().transform((text) => [text]), z.array(z.string())]).catch([]);

/** Of SKILL.md (agentskills.io) and of OpenHands microagents. Invalid fields count as missing. */
const frontmatter = z.object({
  name: z.string().catch(""),
  description: z.string().catch(""),
  /** Words of a message that trigger the file. */
  triggers: strings,
  /** Globs of the files that trigger it. */
  paths: strings,
  globs: strings,
});
export type Frontmatter = z.infer<typeof frontmatter>;

const fence = /^---\r?\n([\s\S]*?)\r?\n---\r?\n?/;
const empty: Frontmatter = { name: "", description: "", triggers: [], paths: [], globs: [] };

export function splitFrontmatter(text: string): { readonly head: Frontmatter; readonly body: string } {
  const match = fence.exec(text);
  if (match === null) return { head: empty, body: text };
  const body = text.slice(match[0].length);
  try {
    // Without aliases, which can expand a small file into a huge value.
    return { head: frontmatter.parse(parse(match[1] ?? "", { maxAliasCount: 0 })), body };
  } catch {
    return { head: empty, body };
  }
}
