/** The board: conversations by what they are doing. */
export const board = {
  empty: "No conversations",
  emptyDescription: "Conversations appear here, grouped by what they are doing.",
  searchResults: (query: string) => `Results for “${query}”`,
  columns: { needsAttention: "Needs attention", running: "Running", waiting: "Waiting", done: "Done" },
  emptyColumns: {
    needsAttention: "Nothing needs attention",
    running: "Nothing running",
    waiting: "Nothing waiting",
    done: "Nothing done yet",
  },
} as const;
