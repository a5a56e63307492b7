/** Checks a rule that a person wrote by hand, and brings it into the form in which rules are compared with actions. */
import { posix } from "node:path";
import { DeckhandError, type ApprovalRule } from "@deckhand/protocol";
import { originOf, ruleableCommands, formatCommand } from "./rules.ts";

const maxPatternChars = 4_000;

/** Fails with `bad_args` and a message that says what to write. */
export async function normalizeRule({ action, pattern }: ApprovalRule): Promise<ApprovalRule> {
  if (pattern.length > maxPatternChars)
    throw new DeckhandError("bad_args", `pattern: at most ${maxPatternChars} characters.`);
  switch (action) {
    case "run":
      return { action, pattern: await commandPattern(pattern) };
    case "browse": {
      const origin = originOf(pattern);
      if (origin === undefined) throw invalidPattern("an origin, such as https://example.org");
      return { action, pattern: origin };
    }
    case "read":
    case "write":
    case "edit":
      if (!posix.isAbsolute(pattern) || pattern.includes("\0")) throw invalidPattern("the absolute path of one file");
      return { action, pattern: posix.resolve(pattern) };
    case "call_tool":
      if (!/^[a-zA-Z][a-zA-Z0-9-]*__[^\s*]+$/.test(pattern)) throw invalidPattern("the exact name server__tool");
      return { action, pattern };
    case "search":
    case "plan":
      if (pattern !== "*") throw invalidPattern(`*, because rules for ${action} have no other pattern`);
      return { action, pattern };
    default:
      throw new DeckhandError("bad_args", `action: Rules for ${action} are not supported.`);
  }
}

/**
 * One exact simple command, or with ` *` at its end also with any further arguments. The star has to follow a
 * subcommand: `git *` would allow everything git can do, and `rm -rf *` does not mean what it seems to.
 */
async function commandPattern(pattern: string): Promise<string> {
  const trimmed = pattern.trim();
  const varies = trimmed.endsWith(" *");
  const commands = await ruleableCommands(varies ? trimmed.slice(0, -2) : trimmed);
  const [words] = commands ?? [];
  if (words === undefined || commands?.length !== 1) {
    throw invalidPattern(
      "a single plain command, without expansions or redirections, that does not run other programs",
    );
  }
  if (!varies) return formatCommand(words);
  if (words.length < 2 || !words.slice(1).every((word) => /^[a-z][a-z0-9:_-]*$/.test(word))) {
    throw invalidPattern("a tool and a subcommand before the star, such as npm run *");
  }
  return `${formatCommand(words)} *`;
}

function invalidPattern(wanted: string): DeckhandError {
  return new DeckhandError("bad_args", `pattern: Must be ${wanted}.`);
}
