import type { ActionArgs, ConversationState } from "@deckhand/protocol";

export type TypedLine =
  | { readonly type: "message"; readonly content: string }
  | { readonly type: "allow_host"; readonly host: string }
  | { readonly type: "answer"; readonly args: Pick<ActionArgs<"approve">, "id" | "decision" | "reason"> }
  /** An answer while no action needs approval. */
  | { readonly type: "nothing"; readonly message: string };

/** Parses a line typed into an attached conversation: a command such as `/allow`, or a message. */
export function parseTypedLine(line: string, awaiting: ConversationState["awaiting"]): TypedLine {
  const [, host] = /^\/allow-host\s+(\S+)$/.exec(line.trim()) ?? [];
  if (host !== undefined) return { type: "allow_host", host };
  const [, word = "", reason = ""] = /^\/(allow|always|everywhere|deny)(?:\s+(.*))?$/.exec(line.trim()) ?? [];
  if (word === "") return { type: "message", content: line };
  if (awaiting === null) return { type: "nothing", message: "No action is waiting for approval." };
  return { type: "answer", args: { id: awaiting.id, decision: decisions.get(word) ?? "deny", reason } };
}

const decisions: ReadonlyMap<string, ActionArgs<"approve">["decision"]> = new Map([
  ["allow", "allow"],
  ["always", "allow_for_conversation"],
  ["everywhere", "allow_for_server"],
  ["deny", "deny"],
]);

/** Tells how the pending action can be answered. */
export function answerHint({ rules }: NonNullable<ConversationState["awaiting"]>): string {
  const patterns = rules.map(({ action, pattern }) => `${action} ${pattern}`).join(", ");
  if (patterns === "") return "Answer with /allow or /deny REASON.";
  return `Answer with /allow or /deny REASON. To also allow similar actions (${patterns}): /always in this conversation, /everywhere in all.`;
}
