import type { ConversationState, Event, NewEvent } from "@deckhand/protocol";
import type { LazyRuntime } from "../runtime/lazy-runtime.ts";
import type { Workspace } from "../runtime/workspace.ts";
import type { SubagentCoordinator } from "../subagents/coordinator.ts";
import { resumeOf } from "../subagents/spawn.ts";
import { recoveryEvents, type Resume } from "./recovery.ts";
import { findSideEffects } from "./side-effects.ts";

/** Events at the end of a log that show how far its last turn had come. */
const tailEvents = 8;

interface RecoverDeps {
  readonly workspace: Workspace;
  readonly runtime: LazyRuntime;
  readonly subagents: SubagentCoordinator | undefined;
  readonly resume: Resume;
  readonly aliveMs?: number | undefined;
  readonly now: () => number;
}

interface Recoverable {
  readonly state: ConversationState;
  read(after: number, limit: number): Promise<readonly Event[]>;
}

/** The events that close what a killed server left open, after inspecting the workspace and the logs of subagents. */
export async function recover(
  conversation: Recoverable,
  { workspace, runtime, subagents, resume, aliveMs, now }: RecoverDeps,
  inspection: AbortSignal,
): Promise<readonly NewEvent[]> {
  const { state } = conversation;
  const tail = await conversation.read(Math.max(-1, state.head - tailEvents), tailEvents);
  // If there is no workspace yet, nothing was done in it, and an inspection is no reason to create it.
  const inWorkspace = workspace.isReady ? await findSideEffects(conversation, runtime, inspection) : [];
  const orphaned = await subagents?.orphaned(state);
  const sideEffects = new Map([...inWorkspace, ...(orphaned?.sentences ?? [])]);
  const findings = { nowMs: now(), tail, resume: resumeOf(state, resume), aliveMs, sideEffects };
  return [...(orphaned?.events ?? []), ...recoveryEvents(state, findings)];
}
