/**
 * Instructions for the files the agent works on: skills and microagents whose `paths` match, and the AGENTS.md of the
 * folders that contain the files. They are shown after the step that first touched such a file.
 */
import { posix } from "node:path";
import type { ConversationState, NewEvent } from "@deckhand/protocol";
import type { Runtime } from "../../runtime/runtime.ts";
import { nestedInstructions, type Instructions, type InstructionText } from "./instructions.ts";
import { instructionEvent, isShown } from "./load.ts";

/** How much is read of one file. */
const maxFileBytes = 16 * 1024;
const timeoutMs = 3000;

/** Nothing that was shown before. `touched` are absolute paths. */
export async function triggeredByPaths(
  instructions: Instructions | null,
  touched: readonly string[],
  state: ConversationState,
  acquireRuntime: () => Promise<Runtime>,
  signal: AbortSignal,
): Promise<readonly NewEvent[]> {
  if (instructions === null || touched.length === 0 || !instructions.hasPaths) return [];
  try {
    const runtime = await acquireRuntime();
    const paths = touched
      .map((path) => posix.relative(runtime.workspace, path))
      .filter((path) => !path.startsWith(".."));
    const matching = unique(paths.flatMap((path) => instructions.forPath(path)));
    const fresh = matching.filter(({ files }) => files.some((file) => !isShown(file, state)));
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    const nested: InstructionText[] = [];
    for (const path of nestedFor(paths, instructions, state)) {
      const absolute = posix.join(runtime.workspace, path);
      const { stdout } = await runtime.spawn(
        ["head", "-c", String(maxFileBytes), "--", absolute],
        maxFileBytes,
        deadline,
      );
      nested.push(nestedInstructions({ path, text: new TextDecoder().decode(stdout).replaceAll("\0", "") }));
    }
    return [...fresh, ...nested].map(instructionEvent);
  } catch {
    // No sandbox, a stop, or a file that is gone: the work continues without them.
    return [];
  }
}

/** The AGENTS.md files above the paths, from the outermost folder to the innermost, whose text then comes last. */
function nestedFor(
  paths: readonly string[],
  { nested }: Instructions,
  { instructions: shown }: ConversationState,
): readonly string[] {
  return nested
    .filter(
      (path) =>
        paths.some((touched) => touched !== path && touched.startsWith(`${posix.dirname(path)}/`)) &&
        // The path alone decides: each file is read once per conversation.
        !shown.some((file) => file.kind === "nested" && file.path === path) &&
        // The agent has just read it.
        !paths.includes(path),
    )
    .toSorted((a, b) => a.split("/").length - b.split("/").length);
}

function unique(texts: readonly InstructionText[]): readonly InstructionText[] {
  return [...new Map(texts.map((each) => [each.text, each])).values()];
}
