/** The instructions of a turn, and which of them the model has not been shown yet. */
import {
  isTriggered,
  observation,
  type ConversationState,
  type InstructionFile,
  type NewEvent,
} from "@deckhand/protocol";
import { buildInstructions, type Instructions, type InstructionText } from "./instructions.ts";
import type { UserInstructions } from "./user-instructions.ts";
import type { WorkspaceInstructions } from "./workspace-files.ts";

export interface InstructionSources {
  readonly workspace: (signal: AbortSignal) => Promise<WorkspaceInstructions>;
  readonly user?: (() => Promise<UserInstructions>) | undefined;
}

/** A slow workspace does not hold up the turn: the task can be done without instructions. */
const timeoutMs = 3000;

/** Null when they cannot be read. */
export async function loadInstructions(
  { workspace, user }: InstructionSources,
  signal: AbortSignal,
): Promise<Instructions | null> {
  const userFiles = user?.();
  try {
    const files = await workspace(AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]));
    return buildInstructions(files, await userFiles);
  } catch {
    // No sandbox, a stop, or a workspace that does not respond: the first action will report it.
    return null;
  }
}

/** Nothing when the model was shown the same files already. */
export function changedInstructions(instructions: Instructions | null, state: ConversationState): readonly NewEvent[] {
  if (instructions === null) return [];
  const shown = state.instructions.filter((file) => !isTriggered(file));
  const always = instructions.always ?? { text: removedText, files: [] };
  return isSameList(shown, always.files) ? [] : [instructionEvent(always)];
}

/** What the words of a message trigger and the model was not shown yet. */
export function triggeredByMessage(
  instructions: Instructions | null,
  message: string,
  state: ConversationState,
): readonly NewEvent[] {
  if (instructions === null) return [];
  return instructions
    .forMessage(message)
    .filter(({ files }) => !files.every((file) => isShown(file, state)))
    .map(instructionEvent);
}

export function isShown({ kind, path, hash }: InstructionFile, { instructions }: ConversationState): boolean {
  return instructions.some((file) => file.kind === kind && file.path === path && file.hash === hash);
}

const removedText = "(The workspace no longer has instructions for agents.)";

export function instructionEvent({ text, files }: InstructionText): NewEvent {
  return observation("environment", "instructions", text, { files: [...files] });
}

function isSameList(some: readonly InstructionFile[], others: readonly InstructionFile[]): boolean {
  const key = (files: readonly InstructionFile[]): string =>
    files.map(({ kind, path, hash }) => `${kind} ${path} ${hash}`).join("\n");
  return key(some) === key(others);
}
