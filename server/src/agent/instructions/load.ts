/** At the beginning of a turn: what the workspace says, where it says something new. */
import {
  isTriggered,
  observation,
  type ConversationState,
  type InstructionFile,
  type NewEvent,
} from "@deckhand/protocol";
import type { WorkspaceInstructions } from "./workspace-files.ts";
import type { UserInstructions } from "./user-instructions.ts";
import { buildInstructions, type Instructions, type InstructionText } from "./instructions.ts";

export interface InstructionSources {
  readonly workspace: (signal: AbortSignal) => Promise<WorkspaceInstructions>;
  readonly user?: (() => Promise<UserInstructions>) | undefined;
}

/** Without it the task can be done as well. */
const deadlineMs = 3000;

/** Null where it cannot be read. */
export async function loadInstructions(
  { workspace, user }: InstructionSources,
  signal: AbortSignal,
): Promise<Instructions | null> {
  const userFiles = user?.();
  try {
    const files = await workspace(AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]));
    return buildInstructions(files, await userFiles);
  } catch {
    // No sandbox, a stop, a workspace that does not answer: the first action says so.
    return null;
  }
}

/** Nothing where the model has been told the same already. */
export function changedInstructions(knowledge: Instructions | null, state: ConversationState): readonly NewEvent[] {
  if (knowledge === null) return [];
  const known = state.instructions.filter((piece) => !isTriggered(piece));
  const always = knowledge.always ?? { text: goneText, pieces: [] };
  return sameAs(known, always.pieces) ? [] : [instructionEvent(always)];
}

/** What the words of a message call for and the model was not told yet. */
export function triggeredByMessage(
  knowledge: Instructions | null,
  message: string,
  state: ConversationState,
): readonly NewEvent[] {
  if (knowledge === null) return [];
  return knowledge
    .forMessage(message)
    .filter(({ pieces }) => !pieces.every((piece) => isAlreadyShown(piece, state)))
    .map(instructionEvent);
}

export function isAlreadyShown(
  { kind, path, hash }: InstructionFile,
  { instructions: knowledge }: ConversationState,
): boolean {
  return knowledge.some((piece) => piece.kind === kind && piece.path === path && piece.hash === hash);
}

const goneText = "(The workspace has no instructions for agents any more.)";

export function instructionEvent({ text, pieces }: InstructionText): NewEvent {
  return observation("environment", "instructions", text, { files: [...pieces] });
}

function sameAs(some: readonly InstructionFile[], others: readonly InstructionFile[]): boolean {
  const key = (pieces: readonly InstructionFile[]): string =>
    pieces.map(({ kind, path, hash }) => `${kind} ${path} ${hash}`).join("\n");
  return key(some) === key(others);
}
