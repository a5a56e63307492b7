/** The board: conversations by what they are doing. */
export const board = {
  empty: "No conversations",
  emptyDescription: "Conversations appear here, grouped by what they are doing.",
  searchResults: (query: string) => `Results for “${query}”`,
  columns: { needsYou: "Needs attention", works: "Running", waits: "Waiting", rests: "Done" },
  emptyColumns: {
    needsYou: "Nothing needs attention",
    works: "Nothing running",
    waits: "Nothing waiting",
    rests: "Nothing done yet",
  },
} as const;
