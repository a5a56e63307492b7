import { useEffect, useState } from "react";
import type { FileEntry } from "@deckhand/client";
import { visible } from "@deckhand/protocol";
import { archiveAddressOf, fileAddressOf } from "../address.ts";
import { client } from "../server.ts";

interface FilesPanelProps {
  readonly conversation: string;
  /** Id of the last event at which something may have been written: then it is read again. */
  readonly changed: number;
  readonly onClose: () => void;
}

const shownAtOnce = 500;

interface Listing {
  /** What had happened when it was read. */
  readonly at: string;
  readonly entries: readonly FileEntry[];
  readonly words: string;
}
const nothing: Listing = { at: "", entries: [], words: "" };

/** The workspace: one folder at a time, as it is now. */
export function FilesPanel({ conversation, changed, onClose }: FilesPanelProps) {
  const [path, setPath] = useState("");
  const [sent, setSent] = useState(0);
  const [listing, setListing] = useState<Listing>(nothing);
  const [words, setWords] = useState("");
  const at = `${changed} ${sent}`;

  useEffect(() => {
    const gone = new AbortController();
    client.files.list(conversation, { path, limit: shownAtOnce }, gone.signal).then(
      ({ entries, next }) =>
        setListing({ at, entries, words: next === null ? "" : `The first ${shownAtOnce} are shown.` }),
      (error: Error) => {
        if (!gone.signal.aborted) setListing({ at, entries: [], words: error.message });
      },
    );
    return () => gone.abort();
  }, [conversation, path, at]);

  const upload = async (files: readonly File[]): Promise<void> => {
    setWords("Sending …");
    try {
      await client.files.upload(
        conversation,
        files.map((file) => ({ path: file.name, data: file })),
        path,
      );
      setWords("");
    } catch (error) {
      setWords((error as Error).message);
    }
    setSent((times) => times + 1);
  };

  return (
    <aside aria-label="Files" className="flex w-72 shrink-0 flex-col border-l border-line bg-panel">
      <div className="flex items-center justify-between px-4 py-2.5">
        <h2 className="label-small truncate">Files{path === "" ? "" : ` · ${visible(path)}`}</h2>
        <button type="button" aria-label="Close the files" className="text-muted hover:text-ink" onClick={onClose}>
          ✕
        </button>
      </div>
      <ul className="min-h-0 flex-1 overflow-y-auto pb-2 text-sm">
        {path !== "" && (
          <li>
            <button type="button" className={row} onClick={() => setPath(path.split("/").slice(0, -1).join("/"))}>
              ‹ back
            </button>
          </li>
        )}
        {listing.entries.map((entry) => (
          <li key={entry.name} className={entry.hidden || entry.ignored ? "opacity-60" : ""}>
            <Entry
              entry={entry}
              address={fileAddressOf(conversation, joined(path, entry.name))}
              onOpen={() => setPath(joined(path, entry.name))}
            />
          </li>
        ))}
      </ul>
      {(words || listing.words) !== "" && (
        <p role="status" className="px-4 py-1 text-xs text-muted">
          {words || listing.words}
        </p>
      )}
      <div className="flex flex-wrap items-center gap-2 border-t border-line px-4 py-2 text-sm">
        <label className="button cursor-pointer">
          Upload
          <input
            type="file"
            multiple
            className="sr-only"
            onChange={(event) => void upload([...(event.target.files ?? [])])}
          />
        </label>
        <a href={archiveAddressOf(conversation, path)} download className="button">
          Download zip
        </a>
      </div>
    </aside>
  );
}

const row = "flex w-full items-baseline justify-between gap-2 px-4 py-0.5 text-left hover:bg-raised";

function Entry({
  entry,
  address,
  onOpen,
}: {
  readonly entry: FileEntry;
  readonly address: string;
  readonly onOpen: () => void;
}) {
  const type = entry.target_type ?? entry.type;
  const name = <span className="truncate">{visible(entry.name)}</span>;
  if (type === "folder") {
    return (
      <button type="button" className={row} onClick={onOpen}>
        {name}
        <span aria-hidden="true">›</span>
      </button>
    );
  }
  if (type !== "file") return <span className={row}>{name}</span>;
  return (
    <a href={address} target="_blank" rel="noreferrer" className={row}>
      {name}
      <span className="shrink-0 text-xs text-muted tabular-nums">{sizeText(entry.size_bytes)}</span>
    </a>
  );
}

function joined(path: string, name: string): string {
  return path === "" ? name : `${path}/${name}`;
}

function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
