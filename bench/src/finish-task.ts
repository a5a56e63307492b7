import type { Client } from "@deckhand/client";

/** Gives the task to a new conversation and follows it; resolves with its id when it has finished, fails when it rests otherwise. */
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
  throw new Error("the server has ended");
}
