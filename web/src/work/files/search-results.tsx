import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { FileIcon } from "@primer/octicons-react";
import { escapeInvisible } from "@deckhand/protocol";
import { client } from "../../server.ts";
import { Skeleton } from "../../ui/skeleton.tsx";
import { useMessages } from "../../i18n/i18n.ts";

interface SearchResultsProps {
  readonly conversation: string;
  readonly text: string;
  readonly within: "names" | "content";
  readonly onChoose: (path: string) => void;
}

export function SearchResults({ conversation, text, within, onChoose }: SearchResultsProps) {
  const t = useMessages();
  const { data, error } = useQuery({
    queryKey: ["find", conversation, within, text],
    queryFn: ({ signal }) => client.files.find(conversation, text, within, signal),
    placeholderData: keepPreviousData,
    retry: false,
  });
  if (error !== null) return <p className="px-3 py-2 text-xs text-bad">{error.message}</p>;
  if (data === undefined) return <Skeleton />;
  return (
    <>
      <p role="status" className="px-3 py-1 text-2xs text-muted">
        {t.work.files.resultCount(data.found.length, data.truncated)}
      </p>
      <ul className="text-sm">
        {data.found.map(({ path, line, text: found }) => (
          <li key={`${path} ${line ?? ""}`}>
            <button
              type="button"
              className="flex w-full items-start gap-1.5 px-3 py-1 text-left hover:bg-raised"
              onClick={() => onChoose(path)}
            >
              <span className="mt-0.5 text-muted">
                <FileIcon size={14} />
              </span>
              <span className="min-w-0 flex-1">
                <span className="block truncate">
                  {escapeInvisible(path)}
                  {line !== undefined && <span className="text-muted">:{line}</span>}
                </span>
                {found !== undefined && (
                  <span className="block truncate font-mono text-2xs text-muted">{escapeInvisible(found.trim())}</span>
                )}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
