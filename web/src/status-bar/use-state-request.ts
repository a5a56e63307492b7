import { useMemo } from "react";
import type { AgentState } from "@deckhand/protocol";
import { client } from "../server.ts";
import { useCommands, type Command } from "../shell/commands.ts";
import { toastFailure } from "../ui/toast.tsx";
import { isActive } from "./activity.ts";

export type RequestableState = "running" | "paused" | "stopped";

/** To go on, to pause, to stop: a button each, and keys. */
export function useStateRequest(conversation: string, state: AgentState | null): (wanted: RequestableState) => void {
  const want = useMemo(
    () => (wanted: RequestableState) =>
      void client.send(conversation, "change_agent_state", { agent_state: wanted, thought: "" }).catch(toastFailure),
    [conversation],
  );
  useCommands(useMemo(() => commandsFor(state, want), [state, want]));
  return want;
}

function commandsFor(state: AgentState | null, want: (wanted: RequestableState) => void): readonly Command[] {
  const commands: Command[] = [];
  const group = "conversation";
  const canStop = isActive(state) || state === "paused" || state === "awaiting_user_confirmation";
  if (canStop)
    commands.push({ id: "stop", group, label: (t) => t.common.stop, keys: ["mod+."], run: () => want("stopped") });
  if (state === "running")
    commands.push({ id: "pause", group, label: (t) => t.composer.pause, keys: ["p"], run: () => want("paused") });
  if (state === "paused")
    commands.push({ id: "resume", group, label: (t) => t.composer.resume, keys: ["p"], run: () => want("running") });
  return commands;
}
