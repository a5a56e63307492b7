import type { Client } from "@deckhand/client";

/** Starts a conversation with the task and resolves with its ID once finished. Fails if it ends in any other state. */
export async function finishTask(client: Client, task: string): Promise<string> {
  const conversation = crypto.randomUUID();
  await client.send(conversation, "start", { task });
  for await (const item of client.follow(conversation)) {
    if (item.type !== "event" || !("observation" in item.event)) continue;
    if (item.event.observation !== "agent_state_changed") continue;
    const { agent_state: state, reason } = item.event.extras;
    if (state === "finished") return conversation;
    if (state === "error" || state === "paused") throw new Error(`the conversation ended in ${state}: ${reason ?? ""}`);
  }
  throw new Error("the server stopped");
}
