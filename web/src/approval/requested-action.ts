/** The action of an approval in the form that is easiest to review. Every argument is included. */
import { exactAction, type Action } from "@deckhand/protocol";

export type RequestedAction =
  | { readonly type: "command"; readonly command: string; readonly more: string }
  | { readonly type: "change"; readonly path: string; readonly lines: readonly ChangedLine[]; readonly more: string }
  | { readonly type: "address"; readonly host: string; readonly url: string }
  | { readonly type: "call"; readonly name: string; readonly args: string }
  | { readonly type: "other"; readonly text: string };

export interface ChangedLine {
  readonly sign: "+" | "-" | " ";
  readonly text: string;
}

export function requestedActionOf(action: Action): RequestedAction {
  switch (action.action) {
    case "run": {
      const { command, thought: _, confirmation_state: __, hidden: ___, background, ...rest } = action.args;
      return { type: "command", command, more: remainingArgs({ ...rest, ...(background ? { background } : {}) }) };
    }
    case "edit": {
      const { path, old_str: before, new_str: after, thought: _, replace_all: all, ...rest } = action.args;
      const more = remainingArgs({ ...rest, ...(all ? { replace_all: all } : {}) });
      return { type: "change", path, lines: changedLines(before, after), more };
    }
    case "write": {
      const { path, content, start, end, thought: _, ...rest } = action.args;
      const part = start === 0 && end === -1 ? {} : { start, end };
      return { type: "change", path, lines: linesWithSign("+", content), more: remainingArgs({ ...rest, ...part }) };
    }
    case "browse":
      return { type: "address", host: hostOf(action.args.url), url: action.args.url };
    case "call_tool": {
      const { server, name, arguments: args } = action.args;
      return { type: "call", name: `${server} · ${name}`, args: JSON.stringify(args, null, 2) };
    }
    default:
      return { type: "other", text: exactAction(action) };
  }
}

/** Arguments without a special presentation; all of them are shown. */
function remainingArgs(args: Readonly<Record<string, unknown>>): string {
  return Object.entries(args)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join("\n");
}

/** The lines of both versions, with common lines at the start and the end only once. */
export function changedLines(before: string, after: string): readonly ChangedLine[] {
  const oldLines = before.split("\n");
  const newLines = after.split("\n");
  const maxCommon = Math.min(oldLines.length, newLines.length);
  let head = 0;
  while (head < maxCommon && oldLines[head] === newLines[head]) head += 1;
  let tail = 0;
  while (tail < maxCommon - head && oldLines[oldLines.length - 1 - tail] === newLines[newLines.length - 1 - tail])
    tail += 1;
  const same = (lines: readonly string[]): ChangedLine[] => lines.map((text) => ({ sign: " ", text }));
  return [
    ...same(oldLines.slice(0, head)),
    ...oldLines.slice(head, oldLines.length - tail).map((text) => ({ sign: "-", text }) as const),
    ...newLines.slice(head, newLines.length - tail).map((text) => ({ sign: "+", text }) as const),
    ...same(oldLines.slice(oldLines.length - tail)),
  ];
}

function linesWithSign(sign: ChangedLine["sign"], text: string): readonly ChangedLine[] {
  return text.split("\n").map((line) => ({ sign, text: line }));
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : "";
}
