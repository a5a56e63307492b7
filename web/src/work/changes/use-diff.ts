import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import type { WorkspaceDiff } from "@deckhand/protocol";
import { client } from "../../server.ts";

export interface DiffRange {
  readonly from: number | undefined;
  /** Now, where it is not given. */
  readonly to: number | undefined;
}

/** Asked only where there is something to compare with, and again when `changed` is another; what was there stays in sight until then. */
export function useDiff(
  conversation: string,
  { from, to }: DiffRange,
  changed: number,
  hasPast: boolean,
): UseQueryResult<WorkspaceDiff> {
  return useQuery({
    queryKey: ["diff", conversation, from, to, to === undefined ? changed : 0],
    queryFn: ({ signal }) =>
      client.diff(
        conversation,
        { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) },
        signal,
      ),
    placeholderData: (before) => before,
    retry: false,
    enabled: hasPast,
  });
}
