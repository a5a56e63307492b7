import { useQueries } from "@tanstack/react-query";
import { client } from "../../server.ts";
import type { Listings } from "./tree.ts";

/** Of one folder; what has more is no folder that one reads through. */
export const maxEntries = 500;

/** What is in these folders, asked again when `changed` is another. */
export function useFolders(
  conversation: string,
  folders: readonly string[],
  changed: number | string,
): { readonly listings: Listings; readonly failure: string; readonly isLoading: boolean } {
  const results = useQueries({
    queries: folders.map((path) => ({
      queryKey: ["files", conversation, path, changed],
      queryFn: ({ signal }: { readonly signal: AbortSignal }) =>
        client.files.list(conversation, { path, limit: maxEntries }, signal),
      placeholderData: <T>(before: T): T => before,
      retry: false,
    })),
  });
  return {
    listings: new Map(folders.map((path, at) => [path, results[at]?.data])),
    // One that was removed is gone from its parent's list as well.
    failure: results[0]?.error?.message ?? "",
    isLoading: results[0]?.data === undefined && results[0]?.error === null,
  };
}
