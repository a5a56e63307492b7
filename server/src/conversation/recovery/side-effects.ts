/**
 * What the workspace shows of the actions that a killed server had started. It is inspected in the sandbox, by timestamps and
 * contents, without following links. Time and output are bounded; what cannot be determined is left out.
 */
import { posix } from "node:path";
import { isAction, type Action, type ConversationState, type Event } from "@deckhand/protocol";
import { abortable } from "../../async/abortable.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { LazyRuntime } from "../runtime/lazy-runtime.ts";
import { startedActions } from "./recovery.ts";

/** The list of changed entries, and how many of them are named. */
const maxListBytes = 256 * 1024;
const maxNames = 20;
const maxNameChars = 100;
const maxFileBytes = 16 * 1024 * 1024;
/** Events before an action that are searched for the shell's directory. */
const directoryEvents = 50;
/** File system clocks tick every few milliseconds, so a change may look this much older than it is. */
const clockTickMs = 10;
/** Large, and of no interest in themselves: it is only reported that something in them has changed. */
const notSearched = [".git", "node_modules"];

interface Entry {
  readonly changedMs: number;
  readonly isFolder: boolean;
  readonly path: string;
}

interface Changes {
  readonly entries: readonly Entry[];
  /** The list is incomplete. */
  readonly cut: boolean;
}

/** Opening a conversation waits at most this long for it. */
export const sideEffectsTimeoutMs = 1500;

interface Inspected {
  readonly state: ConversationState;
  read(after: number, limit: number): Promise<readonly Event[]>;
}

/** By action id, a sentence for each started action of which something can be seen. Stops when the signal aborts. */
export async function findSideEffects(
  conversation: Inspected,
  lazyRuntime: LazyRuntime,
  signal: AbortSignal,
): Promise<ReadonlyMap<number, string>> {
  const sentences = new Map<number, string>();
  const started = startedActions(conversation.state);
  const inspected = started.filter(({ action }) => action === "run" || action === "write" || action === "edit");
  const [first] = inspected;
  if (first === undefined || signal.aborted) return sentences;
  const before = await conversation.read(
    Math.max(-1, first.id - 1 - directoryEvents),
    Math.min(first.id, directoryEvents),
  );
  try {
    const runtime = await abortable(lazyRuntime.start(), signal);
    const commands = inspected.filter(({ action }) => action === "run");
    const since = Math.min(...commands.map(startedMs));
    const changes =
      commands.length === 0 ? undefined : await changesSince(since, runtime, signal).catch(() => undefined);
    for (const action of inspected) {
      const sentence =
        action.action === "run"
          ? changes && changeSentence(changes, startedMs(action), started.length > 1)
          : await fileSentence(action, directoryOf(before, runtime), runtime, signal).catch(() => undefined);
      if (sentence !== undefined) sentences.set(action.id, sentence);
    }
  } catch {
    // No sandbox, or none in time: what is known without it is returned.
  }
  // Nobody may use this conversation soon; a shell starts with the next action.
  lazyRuntime[Symbol.asyncDispose]().catch(() => {});
  return sentences;
}

function startedMs({ timestamp }: Action): number {
  return Date.parse(timestamp) - clockTickMs;
}

async function changesSince(sinceMs: number, runtime: Runtime, signal: AbortSignal): Promise<Changes> {
  const names = notSearched.flatMap((name, at) => [...(at === 0 ? [] : ["-o"]), "-name", name]);
  const prune = ["(", "-type", "d", "(", ...names, ")", "-prune", "-o", "-true", ")"];
  const newer = ["-newermt", `@${(sinceMs / 1000).toFixed(3)}`];
  const argv = ["find", runtime.workspace, "-xdev", ...prune, ...newer, "-printf", "%T@ %y %P\\0"];
  const { stdout, exitCode, cut } = await abortable(runtime.spawn(argv, maxListBytes, signal), signal);
  const listed = new TextDecoder().decode(stdout).split("\0");
  // The last entry may be incomplete; an unreadable folder is skipped.
  listed.pop();
  if (exitCode !== 0 && listed.length === 0) throw new Error("find does not support this search here");
  const entries = listed.map((line): Entry => {
    const [, seconds = "0", type, path = ""] = /^(\S+) (\S) ([^]*)$/.exec(line) ?? [];
    return { changedMs: Number(seconds) * 1000, isFolder: type === "d", path };
  });
  return { entries, cut };
}

function changeSentence({ entries, cut }: Changes, sinceMs: number, oneOfMany: boolean): string {
  const changed = entries.filter(({ changedMs }) => changedMs >= sinceMs);
  const isNamed = ({ isFolder, path }: Entry): boolean => !isFolder || notSearched.includes(posix.basename(path));
  const files = changed.filter(isNamed).map(({ path }) => path);
  // A folder changes when its entries do: one without a changed entry has lost some.
  const parents = new Set(changed.filter(({ path }) => path !== "").map(({ path }) => posix.dirname(path)));
  const emptied = changed
    .filter((entry) => !isNamed(entry) && !parents.has(entry.path === "" ? "." : entry.path))
    .map(({ path }) => path || ".");
  const parts = [
    ...(files.length === 0 ? [] : [`changed since it started: ${listOf(files, cut)}`]),
    ...(emptied.length === 0 ? [] : [`entries were added to or removed from: ${listOf(emptied, cut)}`]),
  ];
  if (parts.length === 0) return "Nothing in the workspace has changed since it started.";
  const whose = oneOfMany ? " Several actions were running: any of them may have done it." : "";
  return `In the workspace ${parts.join("; ")}.${whose}`;
}

function listOf(paths: readonly string[], cut: boolean): string {
  const named = paths.toSorted().slice(0, maxNames).map(shown);
  const more = paths.length - named.length;
  return named.join(", ") + (more === 0 && !cut ? "" : ` and ${cut ? "at least " : ""}${more} more`);
}

/** The agent chose the names: they must not break lines, control a terminal or be long. */
function shown(path: string): string {
  const short = path.length > maxNameChars ? `${path.slice(0, maxNameChars - 1)}…` : path;
  return /^[\w./@+=-]+$/.test(short) ? short : JSON.stringify(short).replaceAll(/[^\x20-\x7e…]/g, "?");
}

/** The shell's directory when the action started; undefined if it is unknown. */
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
  // A patch changes several files, and one of them proves nothing.
  if ("patch" in action.args && action.args.patch !== undefined) return undefined;
  const { path } = action.args;
  if (!posix.isAbsolute(path) && directory === undefined) return undefined;
  const at = posix.isAbsolute(path) ? path : posix.join(directory ?? "", path);
  const text = await runtime.readFile(at, maxFileBytes, signal).then(
    ({ data }) => new TextDecoder().decode(data),
    (error: { code?: string }) => {
      if (error.code === "file_not_found") return null;
      throw error;
    },
  );
  if (text === null) return "The file does not exist.";
  const done = isDone(action, text);
  if (done === undefined) return undefined;
  return done ? "The file has the new content." : "The file does not have the new content.";
}

/** Undefined if the file alone does not show it. */
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
