import { useQueries } from "@tanstack/react-query";
import { client } from "../../server.ts";
import type { Listings } from "./tree.ts";

/** Entries shown per folder. Larger folders are searched, not read. */
export const maxEntries = 500;

/** The content of these folders, refetched when `changed` differs. */
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
    // A removed folder also disappears from its parent's list.
    failure: results[0]?.error?.message ?? "",
    isLoading: results[0]?.data === undefined && results[0]?.error === null,
  };
}
