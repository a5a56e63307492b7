import type { ApprovalAnswer } from "@deckhand/protocol";
import { client } from "../server.ts";
import { preferences } from "../shell/preferences.ts";

export type Decision = ApprovalAnswer["decision"];

/** Rejects with `already_done`, naming who answered, if the approval was answered before. */
export function answerApproval(conversation: string, id: number, decision: Decision, reason: string): Promise<number> {
  const name = preferences().name.trim().slice(0, 80);
  return client.send(conversation, "approve", { id, decision, reason, ...(name === "" ? {} : { name }) });
}
