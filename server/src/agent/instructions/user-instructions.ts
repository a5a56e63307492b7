/**
 * The user's own instructions for every agent: `AGENTS.md` and `skills/NAME/SKILL.md` in the server's data folder.
 * Nobody else writes there, so they count as the user's words. A sandbox cannot see that folder; a skill is read as
 * `skill:NAME`.
 */
import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { TextFile } from "./workspace-files.ts";

const maxFileBytes = 16 * 1024;
const maxSkills = 50;

export interface UserInstructions {
  readonly instructions: TextFile | null;
  /** Their paths are `skill:NAME`. */
  readonly skills: readonly TextFile[];
}

export const noUserInstructions: UserInstructions = { instructions: null, skills: [] };
export const userInstructionsPath = "AGENTS.md of the user";

/** Read again in each turn. Unreadable files count as missing. */
export async function readUserInstructions(home: string): Promise<UserInstructions> {
  const folder = join(home, "skills");
  const [instructions, entries] = await Promise.all([
    readStart(join(home, "AGENTS.md")),
    readdir(folder, { withFileTypes: true }).catch(() => []),
  ]);
  const names = entries.filter((entry) => entry.isDirectory() && isSkillName(entry.name)).map(({ name }) => name);
  const skills = await Promise.all(
    names
      .toSorted()
      .slice(0, maxSkills)
      .map(async (name) => ({ path: `skill:${name}`, text: await readStart(join(folder, name, "SKILL.md")) })),
  );
  return {
    instructions: instructions === null ? null : { path: userInstructionsPath, text: instructions },
    skills: skills.flatMap(({ path, text }) => (text === null ? [] : [{ path, text }])),
  };
}

/** The text of one skill, for a `read` of `skill:NAME`; undefined when there is none. */
export async function readUserSkill(home: string, name: string): Promise<string | undefined> {
  if (!isSkillName(name)) return undefined;
  return (await readStart(join(home, "skills", name, "SKILL.md"))) ?? undefined;
}

function isSkillName(name: string): boolean {
  return /^[\w][\w. -]{0,63}$/.test(name);
}

async function readStart(path: string): Promise<string | null> {
  try {
    await using file = await open(path);
    const { bytesRead, buffer } = await file.read(Buffer.alloc(maxFileBytes), 0, maxFileBytes, 0);
    return new TextDecoder().decode(buffer.subarray(0, bytesRead)).replaceAll("\0", "");
  } catch {
    return null;
  }
}
