import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import type { WorkspaceDiff } from "@deckhand/protocol";
import { client } from "../../server.ts";

export interface DiffRange {
  readonly from: number | undefined;
  /** The latest state if undefined. */
  readonly to: number | undefined;
}

/** Needs a checkpoint to compare with. Refetched when `changed` differs; the previous diff stays visible meanwhile. */
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
