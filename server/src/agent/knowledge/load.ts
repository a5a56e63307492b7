/** At the beginning of a turn: what the workspace says, where it says something new. */
import {
  isToldAlone,
  observation,
  type ConversationState,
  type InstructionFile,
  type NewEvent,
} from "@deckhand/protocol";
import type { KnowledgeFiles } from "./files.ts";
import { noOwnFiles, type OwnFiles } from "./own.ts";
import { knowledgeOf, type Knowledge, type Told } from "./knowledge.ts";

/** Without it the task can be done as well. */
const deadlineMs = 3000;

/** Null where it cannot be read. */
export async function loadKnowledge(
  read: (signal: AbortSignal) => Promise<KnowledgeFiles>,
  signal: AbortSignal,
  readOwn: () => Promise<OwnFiles> = async () => noOwnFiles,
): Promise<Knowledge | null> {
  const own = readOwn();
  try {
    const files = await read(AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]));
    return knowledgeOf(files, await own);
  } catch {
    // No sandbox, a stop, a workspace that does not answer: the first action says so.
    return null;
  }
}

/** Nothing where the model has been told the same already. */
export function newKnowledge(knowledge: Knowledge | null, state: ConversationState): readonly NewEvent[] {
  if (knowledge === null) return [];
  const known = state.instructions.filter((piece) => !isToldAlone(piece));
  const always = knowledge.always ?? { text: goneText, pieces: [] };
  return sameAs(known, always.pieces) ? [] : [event(always)];
}

/** What the words of a message call for and the model was not told yet. */
export function calledFor(knowledge: Knowledge | null, message: string, state: ConversationState): readonly NewEvent[] {
  if (knowledge === null) return [];
  return knowledge
    .for(message)
    .filter(({ pieces }) => !pieces.every((piece) => isKnown(piece, state)))
    .map(event);
}

export function isKnown(
  { kind, path, hash }: InstructionFile,
  { instructions: knowledge }: ConversationState,
): boolean {
  return knowledge.some((piece) => piece.kind === kind && piece.path === path && piece.hash === hash);
}

const goneText = "(The workspace has no instructions for agents any more.)";

export function event({ text, pieces }: Told): NewEvent {
  return observation("environment", "knowledge", text, { pieces: [...pieces] });
}

function sameAs(some: readonly InstructionFile[], others: readonly InstructionFile[]): boolean {
  const key = (pieces: readonly InstructionFile[]): string =>
    pieces.map(({ kind, path, hash }) => `${kind} ${path} ${hash}`).join("\n");
  return key(some) === key(others);
}
