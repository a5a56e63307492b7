import { isAction, type WorkspaceChanges } from "@deckhand/protocol";
import { changesTimeoutMs, finishEvent } from "../finish/finish.ts";
import { continueWith, interrupted, isRunning, storeEvents } from "../turn-types.ts";
import { runStopHooks } from "./hooks.ts";
import { commitActions, withReplyId } from "./commit.ts";
import type { Stage } from "./stage.ts";

/**
 * A `finish` runs no tool. Its claims are checked against the log, what changed in the workspace is attached, and a
 * stop hook may send the agent back to work.
 */
export const finishTurn: Stage = async (batch, execution) => {
  const { deps, signal, send } = execution;
  const [call] = batch.prepared;
  if (call?.type !== "ends" || call.event.action !== "finish") return { type: "next", batch };
  let { view, reply } = batch;
  let { event } = call;
  let changes: WorkspaceChanges | undefined;
  const { firstAction } = view.prompt.progress;
  if (firstAction !== null && deps.changesSince !== undefined) {
    if (reply !== null) {
      // Stored ahead, because the checkpoint takes a while and a crash must not lose the reply.
      const [stored] = (await send(commitActions(reply, () => []))).stored;
      if (stored === undefined) return interrupted;
      event = withReplyId(event, stored.id);
      reply = null;
    }
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(changesTimeoutMs)]);
    changes = await deps.changesSince(firstAction - 1, deadline);
    // Includes what was stored in the meantime.
    view = await send(storeEvents());
    if (!isRunning(view, signal)) return interrupted;
  }
  const last = finishEvent(event, view, changes);
  view = await send(commitActions(reply, () => [last]));
  if (view.stored.length <= (reply === null ? 0 : 1)) return interrupted;
  return isAction(last) ? runStopHooks(last, view, execution) : continueWith(view);
};
