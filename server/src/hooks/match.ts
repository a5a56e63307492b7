/**
 * Whether a hook applies to an action. In a `pattern`, `*` matches any text. It is compared with a command line and with each simple
 * command in it, word by word; with the path of a file; with the URL of a page; with `server__tool` for an MCP tool. A command line that
 * cannot be parsed into words always matches, because it may be what the pattern means.
 */
import { posix } from "node:path";
import type { Hook, NewAction } from "@deckhand/protocol";
import { formatCommand } from "../agent/approval/rules.ts";
import { parseSimpleCommands } from "../agent/approval/bash-parse.ts";

export async function matches({ action: kind, pattern }: Hook, action: NewAction, workspace: string): Promise<boolean> {
  if (kind !== undefined && !kindsOf(action).some((name) => matchesText(kind, name))) return false;
  if (pattern === undefined) return true;
  if (action.action === "run") {
    const { command } = action.args;
    if (matchesText(pattern, command)) return true;
    const commands = await parseSimpleCommands(command);
    return commands?.some((words) => matchesText(pattern, formatCommand(words))) ?? true;
  }
  return subjectsOf(action, workspace).some((subject) => matchesText(pattern, subject));
}

function kindsOf(action: NewAction): readonly string[] {
  return action.action === "call_tool" ? ["call_tool", mcpToolName(action)] : [action.action];
}

function mcpToolName({ args }: Extract<NewAction, { action: "call_tool" }>): string {
  return `${args.server}__${args.name}`;
}

function subjectsOf(action: NewAction, workspace: string): readonly string[] {
  if (action.action === "call_tool") return [mcpToolName(action)];
  if (action.action === "browse") return [action.args.url];
  if ("path" in action.args) return [action.args.path, posix.resolve(workspace, action.args.path)];
  return [JSON.stringify(action.args)];
}

function matchesText(pattern: string, text: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  if (rest.length === 0) return text === first;
  if (!text.startsWith(first)) return false;
  const last = rest.pop() ?? "";
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}
