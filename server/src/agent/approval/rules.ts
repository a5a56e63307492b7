/**
 * What a person can allow from now on, and whether that covers an action. A rule never covers more than it says: of a command line every simple command has to be covered, and one that is not plain never is.
 */
import { posix } from "node:path";
import type { ApprovalRule, NewAction } from "@deckhand/protocol";
import { patchPaths } from "../../tools/patch/parse.ts";
import { parseSimpleCommands, type SimpleCommand } from "./bash-parse.ts";

/** The rules that together cover the action, the narrowest there are; none where no rule can. */
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
      // What is typed into a program that runs can be anything.
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

/** The files that the action names: those of a patch are all that it has, and the one beside it. */
export function affectedPaths({ args }: NewAction): readonly string[] {
  if (!("path" in args)) return [];
  const patched = "patch" in args && args.patch !== undefined ? patchPaths(args.patch) : [];
  return [...new Set([args.path, ...patched])];
}

/** Those of the rules, the first that fit, that together cover the action; null where they do not. */
export async function findCoveringRules<R extends ApprovalRule>(
  action: NewAction,
  workspace: string,
  rules: readonly R[],
): Promise<readonly R[] | null> {
  const mine = rules.filter((rule) => rule.action === action.action);
  if (mine.length === 0) return null;
  const found =
    action.action === "run"
      ? (await commandsOf(action))?.map((words) => mine.find(({ pattern }) => matches(pattern, words)))
      : (await rulesFor(action, workspace)).map((needed) => mine.find(({ pattern }) => pattern === needed.pattern));
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
  // What is typed into a program that runs can be anything.
  return args.input !== undefined || args.background || args.tty === true ? undefined : ruleableCommands(args.command);
}

/** The simple commands of a line about which rules can speak. */
export async function ruleableCommands(line: string): Promise<readonly SimpleCommand[] | undefined> {
  const commands = await parseSimpleCommands(line);
  return commands?.every(([name = ""]) => !beyondRules.has(posix.basename(name))) ? commands : undefined;
}

/** Commands that run what they are given, or change what later commands mean. */
const beyondRules: ReadonlySet<string> = new Set(
  `. alias awk bash bind builtin busybox cd chroot command complete coproc csh dash declare doas enable env eval exec
  export expect fc find fish flock function gawk gdb hash ionice ksh let local make mapfile nice node nohup parallel
  perl pkexec popd printf pushd pwsh python python3 read readarray readonly ruby script sed set setsid sh shift shopt
  source ssh stdbuf strace su sudo time timeout trap typeset unalias unset unshare watch xargs zsh`.split(/\s+/),
);

/** Tools whose sub-command says what is done; how it is done may vary. */
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
  // Words are written so that a blank or a star outside quotes is never part of one.
  return `${command} `.startsWith(pattern.slice(0, -1));
}

/** One way to write the words, so that equal text means equal words. */
export function formatCommand(words: SimpleCommand): string {
  return words.map((word) => (/^[A-Za-z0-9_./:=@%+,-]+$/.test(word) ? word : `'${word}'`)).join(" ");
}

export function originOf(address: string): string | undefined {
  const url = URL.parse(address);
  const isPlain = url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "";
  return isPlain ? url.origin : undefined;
}
