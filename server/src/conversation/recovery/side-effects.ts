/**
 * What actions that a killed server had started show in the workspace. Looked at in the sandbox, by times and contents,
 * without following links; bounded, and whoever cannot look says nothing.
 */
import { posix } from "node:path";
import { isAction, type Action, type ConversationState, type Event } from "@deckhand/protocol";
import type { Runtime } from "../../runtime/runtime.ts";
import type { LazyRuntime } from "../runtime/lazy-runtime.ts";
import { startedActions } from "./recovery.ts";

/** Changed entries that are looked at, as text, and those that are named. */
const mostListBytes = 256 * 1024;
const mostNames = 20;
const mostNameChars = 100;
const mostFileBytes = 16 * 1024 * 1024;
/** Events before an action in which the shell's directory is looked for. */
const directoryEvents = 50;
/** Clocks of file systems tick every few milliseconds: a change may look that much older than it is. */
const tickMs = 10;
/** Large, and of no interest in themselves: only that something in them has changed is told. */
const notEntered = [".git", "node_modules"];

interface Entry {
  readonly changedMs: number;
  readonly isFolder: boolean;
  readonly path: string;
}

interface Changes {
  readonly entries: readonly Entry[];
  /** There are more. */
  readonly cut: boolean;
}

/** Of one conversation nobody waits longer for it. */
export const sideEffectsTimeoutMs = 1500;

interface Inspected {
  readonly state: ConversationState;
  read(after: number, limit: number): Promise<readonly Event[]>;
}

/** By id a sentence for each of the started actions of which something can be told. Ends when the signal does. */
export async function findSideEffects(
  conversation: Inspected,
  shells: LazyRuntime,
  signal: AbortSignal,
): Promise<ReadonlyMap<number, string>> {
  const told = new Map<number, string>();
  const started = startedActions(conversation.state);
  const looked = started.filter(({ action }) => action === "run" || action === "write" || action === "edit");
  const [first] = looked;
  if (first === undefined || signal.aborted) return told;
  const before = await conversation.read(
    Math.max(-1, first.id - 1 - directoryEvents),
    Math.min(first.id, directoryEvents),
  );
  try {
    const runtime = await inTime(shells.start(), signal);
    const commands = looked.filter(({ action }) => action === "run");
    const since = Math.min(...commands.map(startedMs));
    const changes =
      commands.length === 0 ? undefined : await changesSince(since, runtime, signal).catch(() => undefined);
    for (const action of looked) {
      const sentence =
        action.action === "run"
          ? changes && changeSentence(changes, startedMs(action), started.length > 1)
          : await fileSentence(action, directoryOf(before, runtime), runtime, signal).catch(() => undefined);
      if (sentence !== undefined) told.set(action.id, sentence);
    }
  } catch {
    // No sandbox, or none in time: what is known without it is told.
  }
  // Nobody may come: a shell starts with the next action.
  shells[Symbol.asyncDispose]().catch(() => {});
  return told;
}

async function inTime<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const late = Promise.withResolvers<never>();
  const onAbort = (): void => late.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

function startedMs({ timestamp }: Action): number {
  return Date.parse(timestamp) - tickMs;
}

async function changesSince(sinceMs: number, runtime: Runtime, signal: AbortSignal): Promise<Changes> {
  const names = notEntered.flatMap((name, at) => [...(at === 0 ? [] : ["-o"]), "-name", name]);
  const prune = ["(", "-type", "d", "(", ...names, ")", "-prune", "-o", "-true", ")"];
  const newer = ["-newermt", `@${(sinceMs / 1000).toFixed(3)}`];
  const argv = ["find", runtime.workspace, "-xdev", ...prune, ...newer, "-printf", "%T@ %y %P\\0"];
  const { stdout, exitCode, cut } = await inTime(runtime.spawn(argv, mostListBytes, signal), signal);
  const listed = new TextDecoder().decode(stdout).split("\0");
  // The last one may be half of one; a folder that may not be read is passed over.
  listed.pop();
  if (exitCode !== 0 && listed.length === 0) throw new Error("find cannot do this here");
  const entries = listed.map((line): Entry => {
    const [, seconds = "0", type, path = ""] = /^(\S+) (\S) ([^]*)$/.exec(line) ?? [];
    return { changedMs: Number(seconds) * 1000, isFolder: type === "d", path };
  });
  return { entries, cut };
}

function changeSentence({ entries, cut }: Changes, sinceMs: number, oneOfMany: boolean): string {
  const changed = entries.filter(({ changedMs }) => changedMs >= sinceMs);
  const isNamed = ({ isFolder, path }: Entry): boolean => !isFolder || notEntered.includes(posix.basename(path));
  const files = changed.filter(isNamed).map(({ path }) => path);
  // A folder changes with the entries in it: one without a changed entry has lost some.
  const parents = new Set(changed.filter(({ path }) => path !== "").map(({ path }) => posix.dirname(path)));
  const emptied = changed
    .filter((entry) => !isNamed(entry) && !parents.has(entry.path === "" ? "." : entry.path))
    .map(({ path }) => path || ".");
  const parts = [
    ...(files.length === 0 ? [] : [`changed since it began: ${listOf(files, cut)}`]),
    ...(emptied.length === 0 ? [] : [`something was made in or removed from: ${listOf(emptied, cut)}`]),
  ];
  if (parts.length === 0) return "Nothing in the workspace has changed since it began.";
  const whose = oneOfMany ? " Several actions ran at once: any of them may have done it." : "";
  return `In the workspace ${parts.join("; ")}.${whose}`;
}

function listOf(paths: readonly string[], cut: boolean): string {
  const named = paths.toSorted().slice(0, mostNames).map(shown);
  const more = paths.length - named.length;
  return named.join(", ") + (more === 0 && !cut ? "" : ` and ${cut ? "at least " : ""}${more} more`);
}

/** Names are the agent's: they end no line, drive no terminal and are not long. */
function shown(path: string): string {
  const short = path.length > mostNameChars ? `${path.slice(0, mostNameChars - 1)}…` : path;
  return /^[\w./@+=-]+$/.test(short) ? short : JSON.stringify(short).replaceAll(/[^\x20-\x7e…]/g, "?");
}

/** The shell's directory when the action began; undefined where it cannot be known. */
function directoryOf(before: readonly Event[], runtime: Runtime): string | undefined {
  const ran = before.findLast((event) => !isAction(event) && event.observation === "run");
  if (ran !== undefined && !isAction(ran) && ran.observation === "run") return ran.extras.cwd;
  return before[0]?.id === 0 ? runtime.workspace : undefined;
}

async function fileSentence(
  action: Action,
  directory: string | undefined,
  runtime: Runtime,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (action.action !== "write" && action.action !== "edit") return undefined;
  // Of a patch over several files one does not tell.
  if ("patch" in action.args && action.args.patch !== undefined) return undefined;
  const { path } = action.args;
  if (!posix.isAbsolute(path) && directory === undefined) return undefined;
  const at = posix.isAbsolute(path) ? path : posix.join(directory ?? "", path);
  const text = await runtime.readFile(at, mostFileBytes, signal).then(
    ({ data }) => new TextDecoder().decode(data),
    (error: { code?: string }) => {
      if (error.code === "file_not_found") return null;
      throw error;
    },
  );
  if (text === null) return "The file is not there.";
  const done = isDone(action, text);
  if (done === undefined) return undefined;
  return done ? "The file has the new content." : "The file does not have the new content.";
}

/** Undefined where the file alone does not tell. */
function isDone(action: Action<"write" | "edit">, text: string): boolean | undefined {
  if (action.action === "write") {
    const { start, end, content } = action.args;
    return start === 0 && end === -1 ? text === content : undefined;
  }
  const { old_str: old, new_str: wanted } = action.args;
  if (old === "") return text === wanted;
  const hasOld = text.includes(old);
  // The new text may contain the old one, or be empty.
  if (wanted.includes(old)) return text.includes(wanted);
  if (hasOld) return false;
  return text.includes(wanted) ? true : undefined;
}
