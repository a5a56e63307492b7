/** A rule that a person writes by hand, made into one that can cover an action at all, and means what it seems to. */
import { posix } from "node:path";
import { DeckhandError, type ApprovalRule } from "@deckhand/protocol";
import { originOf, ruleableCommands, formatCommand } from "./rules.ts";

const longest = 4_000;

/** As it would be kept. Fails with `bad_args` and says what to write. */
export async function normalizeRule({ action, pattern }: ApprovalRule): Promise<ApprovalRule> {
  if (pattern.length > longest) throw new DeckhandError("bad_args", `pattern: at most ${longest} characters.`);
  switch (action) {
    case "run":
      return { action, pattern: await commandPattern(pattern) };
    case "browse": {
      const origin = originOf(pattern);
      if (origin === undefined) throw refusal("an origin, such as https://example.org");
      return { action, pattern: origin };
    }
    case "read":
    case "write":
    case "edit":
      if (!posix.isAbsolute(pattern) || pattern.includes("\0")) throw refusal("the absolute path of one file");
      return { action, pattern: posix.resolve(pattern) };
    case "call_tool":
      if (!/^[a-zA-Z][a-zA-Z0-9-]*__[^\s*]+$/.test(pattern)) throw refusal("server__tool, exact");
      return { action, pattern };
    case "search":
    case "plan":
      if (pattern !== "*") throw refusal("*");
      return { action, pattern };
    default:
      throw new DeckhandError("bad_args", `action: there are no rules for ${action}.`);
  }
}

/**
 * One simple command, exact; with ` *` at its end also with any further arguments. That needs the word that says what the
 * tool does in front of it: `git *` would be all that git can do, and `rm -rf *` is not what it looks like.
 */
async function commandPattern(pattern: string): Promise<string> {
  const trimmed = pattern.trim();
  const varies = trimmed.endsWith(" *");
  const commands = await ruleableCommands(varies ? trimmed.slice(0, -2) : trimmed);
  const [words] = commands ?? [];
  if (words === undefined || commands?.length !== 1) {
    throw refusal("one plain command, without expansions and redirections, of a program that does not run others");
  }
  if (!varies) return formatCommand(words);
  if (words.length < 2 || !words.slice(1).every((word) => /^[a-z][a-z0-9:_-]*$/.test(word))) {
    throw refusal("a tool and its sub-command in front of the star, such as npm run *");
  }
  return `${formatCommand(words)} *`;
}

function refusal(wanted: string): DeckhandError {
  return new DeckhandError("bad_args", `pattern: this is not ${wanted}.`);
}
