import type { ActionArgs, ConversationState } from "@deckhand/protocol";

export type Typed =
  | { readonly type: "message"; readonly content: string }
  | { readonly type: "allow_host"; readonly host: string }
  | { readonly type: "answer"; readonly args: Pick<ActionArgs<"approve">, "id" | "decision" | "reason"> }
  /** There is nothing to answer. */
  | { readonly type: "nothing"; readonly say: string };

/** What a line means that was typed beside a conversation: `/allow`, `/always`, `/deny REASON`, `/allow-host HOST`, or a message. */
export function typed(line: string, awaiting: ConversationState["awaiting"]): Typed {
  const [, host] = /^\/allow-host\s+(\S+)$/.exec(line.trim()) ?? [];
  if (host !== undefined) return { type: "allow_host", host };
  const [, word = "", reason = ""] = /^\/(allow|always|deny)(?:\s+(.*))?$/.exec(line.trim()) ?? [];
  if (word === "") return { type: "message", content: line };
  if (awaiting === null) return { type: "nothing", say: "Nothing waits for an approval." };
  const decision = ({ allow: "allow", always: "allow_for_conversation", deny: "deny" } as const)[word] ?? "deny";
  return { type: "answer", args: { id: awaiting.id, decision, reason } };
}

/** How what waits can be answered. */
export function howToAnswer({ rules }: NonNullable<ConversationState["awaiting"]>): string {
  const patterns = rules.map(({ action, pattern }) => `${action} ${pattern}`).join(", ");
  const always = patterns === "" ? "" : `, /always (in this conversation: ${patterns})`;
  return `Answer with /allow${always} or /deny REASON.`;
}
