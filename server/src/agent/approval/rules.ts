/**
 * Approval rules: which rules a person can create from an action, and whether existing rules cover one. A rule never
 * covers more than it says: every simple command of a command line has to be covered, and a line with anything else in
 * it never is.
 */
import { posix } from "node:path";
import type { ApprovalRule, NewAction } from "@deckhand/protocol";
import { patchPaths } from "../../tools/patch/parse.ts";
import { parseSimpleCommands, type SimpleCommand } from "./bash-parse.ts";

/** The narrowest rules that together cover the action; empty when no rule can. */
export async function rulesFor(action: NewAction, workspace: string): Promise<readonly ApprovalRule[]> {
  switch (action.action) {
    case "run": {
      const commands = await commandsOf(action);
      const patterns = new Set(commands?.map(patternOf));
      return [...patterns].map((pattern) => ({ action: "run", pattern }));
    }
    case "browse": {
      const origin = originOf(action.args.url);
      return origin === undefined ? [] : [{ action: "browse", pattern: origin }];
    }
    case "read":
    case "write":
    case "edit":
      return affectedPaths(action).map((path) => ({ action: action.action, pattern: posix.resolve(workspace, path) }));
    case "job":
      // Input to a running program can be anything.
      return action.args.input === undefined && action.args.keys === undefined ? [{ action: "job", pattern: "*" }] : [];
    case "call_tool":
      return [{ action: "call_tool", pattern: `${action.args.server}__${action.args.name}` }];
    case "search":
    case "plan":
      return [{ action: action.action, pattern: "*" }];
    default:
      return [];
  }
}

/** The files the action names, including all files of a patch. */
export function affectedPaths({ args }: NewAction): readonly string[] {
  if (!("path" in args)) return [];
  const patched = "patch" in args && args.patch !== undefined ? patchPaths(args.patch) : [];
  return [...new Set([args.path, ...patched])];
}

/** The rules that together cover the action, the first match for each part; null when a part is not covered. */
export async function findCoveringRules<R extends ApprovalRule>(
  action: NewAction,
  workspace: string,
  rules: readonly R[],
): Promise<readonly R[] | null> {
  const candidates = rules.filter((rule) => rule.action === action.action);
  if (candidates.length === 0) return null;
  const found =
    action.action === "run"
      ? (await commandsOf(action))?.map((words) => candidates.find(({ pattern }) => matches(pattern, words)))
      : (await rulesFor(action, workspace)).map((needed) =>
          candidates.find(({ pattern }) => pattern === needed.pattern),
        );
  if (found === undefined || found.length === 0) return null;
  const covering = new Set<R>();
  for (const rule of found) {
    if (rule === undefined) return null;
    covering.add(rule);
  }
  return [...covering];
}

type Run = Extract<NewAction, { action: "run" }>;

async function commandsOf({ args }: Run): Promise<readonly SimpleCommand[] | undefined> {
  // Input to a running program can be anything.
  return args.input !== undefined || args.background || args.tty === true ? undefined : ruleableCommands(args.command);
}

/** The simple commands of a line; undefined when no rule can cover it. */
export async function ruleableCommands(line: string): Promise<readonly SimpleCommand[] | undefined> {
  const commands = await parseSimpleCommands(line);
  return commands?.every(([name = ""]) => !uncoverable.has(posix.basename(name))) ? commands : undefined;
}

/** Commands that run other programs or change the meaning of later commands. */
const uncoverable: ReadonlySet<string> = new Set(
  `. alias awk bash bind builtin busybox cd chroot command complete coproc csh dash declare doas enable env eval exec
  export expect fc find fish flock function gawk gdb hash ionice ksh let local make mapfile nice node nohup parallel
  perl pkexec popd printf pushd pwsh python python3 read readarray readonly ruby script sed set setsid sh shift shopt
  source ssh stdbuf strace su sudo time timeout trap typeset unalias unset unshare watch xargs zsh`.split(/\s+/),
);

/** Tools whose subcommand determines what happens; the other arguments may vary. */
const subcommands: Readonly<Record<string, ReadonlySet<string>>> = {
  git: new Set(["status", "add"]),
  npm: new Set(["test", "ci"]),
  cargo: new Set(["build", "check", "test"]),
};

function patternOf(words: SimpleCommand): string {
  const [name = "", sub = ""] = words;
  const varies = Object.hasOwn(subcommands, name) && subcommands[name]?.has(sub) === true;
  return varies ? `${name} ${sub} *` : formatCommand(words);
}

function matches(pattern: string, words: SimpleCommand): boolean {
  const command = formatCommand(words);
  if (!pattern.endsWith(" *")) return command === pattern;
  // In the formatted command, a space or a star outside quotes is never part of a word.
  return `${command} `.startsWith(pattern.slice(0, -1));
}

/** A canonical form: equal text means equal words. */
export function formatCommand(words: SimpleCommand): string {
  return words.map((word) => (/^[A-Za-z0-9_./:=@%+,-]+$/.test(word) ? word : `'${word}'`)).join(" ");
}

export function originOf(address: string): string | undefined {
  const url = URL.parse(address);
  const isPlain = url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "";
  return isPlain ? url.origin : undefined;
}
