import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { client } from "../../server.ts";
import { fileKind, type FileKind } from "./file-kind.ts";

export interface LoadedFile {
  readonly kind: FileKind;
  readonly tag: string;
  readonly sizeBytes: number;
  /** The content of text and SVG files. */
  readonly text: string | undefined;
}

/** Refetched when `changed` differs. Content that is not text is fetched by the component that shows it. */
export function useFile(conversation: string, path: string, changed: number | string): UseQueryResult<LoadedFile> {
  return useQuery({
    queryKey: ["file", conversation, path, changed],
    queryFn: async ({ signal }): Promise<LoadedFile> => {
      const { bytes, contentType, sizeBytes, tag } = await client.files.read(conversation, path, signal);
      const kind = fileKind(path, contentType, sizeBytes);
      if (kind === "text" || kind === "svg") return { kind, tag, sizeBytes, text: await new Response(bytes).text() };
      await bytes.cancel();
      return { kind, tag, sizeBytes, text: undefined };
    },
    placeholderData: (before, query) => (query?.queryKey[2] === path ? before : undefined),
    retry: false,
    gcTime: 10_000,
  });
}
