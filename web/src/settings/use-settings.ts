/** The server's settings, fetched once and after each change, and its list of models. */
import { useCallback } from "react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { ModelList, SettingsPatch, SettingsReport } from "@deckhand/protocol";
import { client } from "../server.ts";

export function useSettings(): SettingsReport | undefined {
  return useQuery({ queryKey: ["settings"], queryFn: ({ signal }) => client.settings(signal) }).data;
}

export function useModels(): {
  readonly models: ModelList | undefined;
  readonly refresh: () => Promise<unknown>;
  readonly isRefreshing: boolean;
} {
  const { data, refetch, isFetching } = useQuery({
    queryKey: ["models"],
    queryFn: ({ signal }) => client.modelList(signal),
    staleTime: 30_000,
  });
  return { models: data, refresh: refetch, isRefreshing: isFetching };
}

/** Saves a patch and refetches everything that depends on it. Rejects with the reason if the patch is not accepted. */
export function useSaveSettings(): (patch: SettingsPatch) => Promise<SettingsReport> {
  const queries = useQueryClient();
  return useCallback(
    async (patch) => {
      const report = await client.changeSettings(patch);
      queries.setQueryData(["settings"], report);
      for (const key of ["models", "health", "agents"]) void queries.invalidateQueries({ queryKey: [key] });
      return report;
    },
    [queries],
  );
}
