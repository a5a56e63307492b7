/** The messages of a conversation and the rows between them. */
export const timeline = {
  queued: "Queued",
  queuedDescription: "Sent after the current step",
  sending: "Sending…",
  attachedImage: "Attached image",
  reasoning: "Reasoning",
  thinking: "Thinking…",
  thoughtFor: (duration: string) => `Thought for ${duration}`,
  step: (number: number) => `Step ${number}`,
  tokens: (input: string, output: string) => `${input} in · ${output} out`,
  workedFor: (duration: string) => `Worked for ${duration}`,
  scrollToEnd: "Scroll to end",
  copyText: "Copy text",
  copyCode: "Copy code",
  copyLink: "Copy link",
  nextItem: "Next message or action",
  previousItem: "Previous message or action",

  notes: {
    compaction: "Conversation summarized to free up context",
    claimsNotVerified: "Some claims could not be verified. The agent was asked to check them.",
    interrupted: "Stopped before it finished",
    uploaded: (paths: string) => `Files uploaded: ${paths}`,
    nudges: {
      repeat: "The agent was told that it repeats the same action.",
      repeat_error: "The agent was told that it repeats a failing action.",
      monologue: "The agent was told that it repeats the same message.",
      alternation: "The agent was told that it alternates between the same actions.",
      unfinished: "The agent was reminded of the unfinished tasks in its plan.",
    },
  },

  finished: "Finished",
  couldNotComplete: "Could not complete",
  verification: "Verification",
  verdicts: { shown: "verified", failed: "failed", stale: "out of date", missing: "not verified" },
  outputs: "Outputs",
} as const;
