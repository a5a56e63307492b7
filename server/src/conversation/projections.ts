/** Which collaborators of a conversation react to stored events, and in which order. */
import type { Components } from "./components.ts";
import type { StoredChange } from "./conversation-log.ts";
import type { SubagentCoordinator } from "./subagents/coordinator.ts";
import type { LinkedConversation } from "./subagents/linked-conversation.ts";

interface Targets {
  readonly conversation: LinkedConversation;
  readonly setBusy: (isBusy: boolean) => void;
  readonly subagents: SubagentCoordinator | undefined;
  readonly components: Components;
  readonly wantsTitles: boolean;
  readonly isClosing: boolean;
}

interface Projection {
  readonly name: string;
  readonly notify: (targets: Targets, change: StoredChange) => void;
}

/** Each is notified synchronously and in this order, before the next job in the mailbox begins. */
export const projections: readonly Projection[] = [
  {
    // First, so that nothing evicts a conversation whose work has just begun.
    name: "busy",
    notify: ({ setBusy }, { isBusy }) => setBusy(isBusy),
  },
  {
    // Before the turn can take its next step: a parent's pause reaches its subagents.
    name: "subagents",
    notify: ({ conversation, subagents }, { before, state }) => subagents?.onStateChange(conversation, before, state),
  },
  {
    // The event has the whole text: what was streamed of it is dropped before anyone can read both.
    name: "liveDeltas",
    notify: ({ components }, { events }) => components.liveDeltas.onEvents(events),
  },
  {
    // The prompt takes in the events before the turn is resumed with them.
    name: "turn",
    notify: ({ components }, { events }) => components.turn.onEvents(events),
  },
  {
    // May queue a checkpoint, which the next action that writes has to wait for.
    name: "checkpoints",
    notify: ({ components }, { events, before, state }) => components.checkpoints.onEvents(events, before, state),
  },
  {
    name: "approvalTimer",
    notify: ({ components, isClosing }, { state }) => {
      if (!isClosing) components.approvalTimer.watch(state.awaiting);
    },
  },
  {
    name: "titles",
    notify: ({ components, wantsTitles, isClosing }, { before, state }) => {
      if (wantsTitles && !isClosing && state.parent === null) {
        components.titles.onStateChange(before.agentState, state);
      }
    },
  },
  {
    // The sandbox counts as used.
    name: "runtime",
    notify: ({ components }) => components.runtime.touch(),
  },
  {
    // Last, because it queues an append of its own.
    name: "endedJobs",
    notify: ({ components }) => components.endedJobs.flush(),
  },
];

export function notifyProjections(targets: Targets, change: StoredChange): void {
  for (const { notify } of projections) notify(targets, change);
}
