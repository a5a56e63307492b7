import { useEffect, useState } from "react";
import type { FileEntry } from "@deckhand/client";
import { isAction, visible, type Event } from "@deckhand/protocol";
import { archiveAddressOf, fileAddressOf } from "../../address.ts";
import { client } from "../../server.ts";
import { buttonClass } from "../../ui/button.tsx";
import { sizeText } from "../../words/amounts.ts";
import { useWords } from "../../words/words.ts";
import type { WorkTabProps } from "../tabs.tsx";

const shownAtOnce = 500;

interface Listing {
  /** What had happened when it was read. */
  readonly at: string;
  readonly entries: readonly FileEntry[];
  readonly words: string;
}
const nothing: Listing = { at: "", entries: [], words: "" };

/** The workspace: one folder at a time, as it is now. */
export function FilesTab({ conversation, snapshot }: WorkTabProps) {
  const { work: words } = useWords();
  /** At which something may have been written: then it is read again. */
  const changed = lastChange(snapshot.events);
  const [path, setPath] = useState("");
  const [sent, setSent] = useState(0);
  const [listing, setListing] = useState<Listing>(nothing);
  const [told, setTold] = useState("");
  const at = `${changed} ${sent}`;

  useEffect(() => {
    const gone = new AbortController();
    client.files.list(conversation, { path, limit: shownAtOnce }, gone.signal).then(
      ({ entries, next }) => setListing({ at, entries, words: next === null ? "" : words.firstShown(shownAtOnce) }),
      (error: Error) => {
        if (!gone.signal.aborted) setListing({ at, entries: [], words: error.message });
      },
    );
    return () => gone.abort();
  }, [conversation, path, at, words]);

  const upload = async (files: readonly File[]): Promise<void> => {
    setTold(words.sending);
    try {
      await client.files.upload(
        conversation,
        files.map((file) => ({ path: file.name, data: file })),
        path,
      );
      setTold("");
    } catch (error) {
      setTold((error as Error).message);
    }
    setSent((times) => times + 1);
  };

  return (
    <section aria-label={words.files} className="flex min-h-0 flex-1 flex-col">
      {path !== "" && <h2 className="label-small truncate px-4 pt-2">{visible(path)}</h2>}
      <ul className="min-h-0 flex-1 overflow-y-auto py-2 text-sm">
        {path !== "" && (
          <li>
            <button type="button" className={row} onClick={() => setPath(path.split("/").slice(0, -1).join("/"))}>
              ‹ {words.back}
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
      {(told || listing.words) !== "" && (
        <p role="status" className="px-4 py-1 text-xs text-muted">
          {told || listing.words}
        </p>
      )}
      <div className="flex flex-wrap items-center gap-2 border-t border-line px-4 py-2 text-sm">
        <label className={`${buttonClass("plain", "small")} cursor-pointer`}>
          {words.upload}
          <input
            type="file"
            multiple
            className="sr-only"
            onChange={(event) => void upload([...(event.target.files ?? [])])}
          />
        </label>
        <a href={archiveAddressOf(conversation, path)} download className={buttonClass("plain", "small")}>
          {words.downloadZip}
        </a>
      </div>
    </section>
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

/** Id of the last observation that may have changed a file. */
function lastChange(events: readonly Event[]): number {
  const writes = new Set(["write", "edit", "run", "upload"]);
  return events.findLast((event) => !isAction(event) && writes.has(event.observation))?.id ?? -1;
}
