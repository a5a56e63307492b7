import { DeckhandError, isAction, observation, type Event } from "@deckhand/protocol";
import type { ConversationId } from "../../store/event-store.ts";
import { restingEvents, writeNewLog, type TransferDeps } from "./new-log.ts";

interface ImportOptions {
  readonly events: AsyncIterable<readonly Event[]>;
  /** The title it had where it was exported. */
  readonly title: string;
  readonly to: ConversationId;
}

/** Workspaces, models, addresses and approvals in an imported file are those of its author, not ours. */
const importedSentence = "This conversation was imported; it continues with the settings of this server.";

/** `events` are validated, with the ids 0, 1, 2 …; if iterating them fails, nothing is stored. */
export async function importConversation({ events, title, to }: ImportOptions, deps: TransferDeps): Promise<void> {
  let hasApprovals = false;
  async function* observed(): AsyncGenerator<readonly Event[]> {
    for await (const page of events) {
      hasApprovals ||= page.some((event) => isAction(event) && event.action === "approve");
      yield page;
    }
  }
  await writeNewLog(to, observed(), deps, (state) => {
    if (state.head === -1) throw new DeckhandError("bad_args", "The file contains no events.");
    const hasRaisedLimits = Object.values(state.limitRaises).some((times) => times > 0);
    const isLinked = state.parent !== null || state.children.length > 0;
    const needsReset = hasApprovals || hasRaisedLimits || isLinked || Object.keys(state.settings).length > 0;
    return {
      name: title === "" || title === state.title ? undefined : title,
      events: [
        ...(needsReset ? [observation("environment", "imported", importedSentence, {})] : []),
        ...restingEvents(
          state,
          "This conversation was imported.",
          "When it was exported the action was still running, and it does not run here",
        ),
      ],
    };
  });
}
