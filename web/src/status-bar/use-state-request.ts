import { useMemo } from "react";
import type { AgentState } from "@deckhand/protocol";
import { client } from "../server.ts";
import { useCommands, type Command } from "../shell/commands.ts";
import { toastFailure } from "../ui/toast.tsx";
import { isActive } from "./activity.ts";

export type RequestableState = "running" | "paused" | "stopped";

/** Registers commands that pause, resume and stop the agent, and returns a function for the same with buttons. */
export function useStateRequest(conversation: string, state: AgentState | null): (requested: RequestableState) => void {
  const request = useMemo(
    () => (requested: RequestableState) =>
      void client.send(conversation, "change_agent_state", { agent_state: requested, thought: "" }).catch(toastFailure),
    [conversation],
  );
  useCommands(useMemo(() => commandsFor(state, request), [state, request]));
  return request;
}

function commandsFor(state: AgentState | null, request: (requested: RequestableState) => void): readonly Command[] {
  const commands: Command[] = [];
  const group = "conversation";
  const canStop = isActive(state) || state === "paused" || state === "awaiting_user_confirmation";
  if (canStop)
    commands.push({ id: "stop", group, label: (t) => t.common.stop, keys: ["mod+."], run: () => request("stopped") });
  if (state === "running")
    commands.push({ id: "pause", group, label: (t) => t.composer.pause, keys: ["p"], run: () => request("paused") });
  if (state === "paused")
    commands.push({ id: "resume", group, label: (t) => t.composer.resume, keys: ["p"], run: () => request("running") });
  return commands;
}
