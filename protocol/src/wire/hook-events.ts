/** When hooks of the user run: before an action of the agent and after it, when it begins to work in a conversation, and when the agent says that it is done. */
export const hookEvents = ["before_action", "after_action", "start", "stop"] as const;
export type HookEvent = (typeof hookEvents)[number];
