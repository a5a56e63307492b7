import type { ApprovalAnswer } from "@deckhand/protocol";
import { client } from "../server.ts";
import { preferences } from "../shell/preferences.ts";

export type Decision = ApprovalAnswer["decision"];

/** Fails with `conflict` and says who was first, where somebody was. */
export function answerApproval(conversation: string, id: number, decision: Decision, reason: string): Promise<number> {
  const name = preferences().name.trim().slice(0, 80);
  return client.send(conversation, "approve", { id, decision, reason, ...(name === "" ? {} : { name }) });
}
