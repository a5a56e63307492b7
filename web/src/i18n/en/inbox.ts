/** The inbox: everything that needs a person, over all conversations. */
export const inbox = {
  empty: "Nothing needs your attention",
  emptyDescription: "Questions, approvals and failures from all conversations appear here.",
  moreItems: "More items appear as you clear these.",
  waitingForApproval: "Waiting for approval",
  needsReply: "Needs reply",
  seen: "Seen",
  nextItem: "Next item",
  previousItem: "Previous item",
  openConversation: "Open conversation",
  markAsSeen: "Mark as seen",
  reply: "Reply",
  replyPlaceholder: "Reply to the agent",
  continue: "Continue",
  modelSettings: "Model settings",
} as const;
