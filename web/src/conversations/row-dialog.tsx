import { useEffect, useRef, useState, type SubmitEvent } from "react";
import type { ConversationRow } from "@deckhand/client";
import { DeckhandError } from "@deckhand/protocol";
import { exportAddressOf, go } from "../address.ts";
import { client } from "../server.ts";

interface RowDialogProps {
  readonly row: ConversationRow;
  readonly onClose: () => void;
  /** Something changed that the list shows. */
  readonly onChange: () => void;
  readonly onDeleted: () => void;
}

const files = [
  ["markdown", "Markdown"],
  ["html", "HTML"],
  ["jsonl", "JSON lines"],
] as const;

/** What can be done with a conversation of the list. The browser keeps the focus inside, and gives it back. */
export function RowDialog({ row, onClose, onChange, onDeleted }: RowDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [title, setTitle] = useState(row.title);
  const [isAsked, setAsked] = useState(false);
  const [isLossTold, setLossTold] = useState(false);
  const [failure, setFailure] = useState("");
  useEffect(() => dialog.current?.showModal(), []);

  const act = async (doing: Promise<void>): Promise<void> => {
    setFailure("");
    try {
      await doing;
      onChange();
      dialog.current?.close();
    } catch (error) {
      if (error instanceof DeckhandError && error.code === "conflict") setLossTold(true);
      setFailure(error instanceof Error ? error.message : String(error));
    }
  };
  const rename = (event: SubmitEvent): void => {
    event.preventDefault();
    void act(client.rename(row.id, title));
  };

  const fork = async (): Promise<void> => go((await client.fork(row.id)).id);

  return (
    <dialog
      ref={dialog}
      aria-labelledby="row-dialog-title"
      onClose={onClose}
      className="m-auto w-[min(26rem,calc(100vw-2rem))] rounded-xl border border-line bg-panel p-5 text-ink shadow-xl backdrop:bg-black/40"
    >
      <h2 id="row-dialog-title" className="mb-3 truncate font-semibold">
        {row.title || "Untitled"}
      </h2>
      <form onSubmit={rename} className="flex gap-2">
        <input
          aria-label="Title"
          value={title}
          maxLength={200}
          required
          onChange={(event) => setTitle(event.target.value)}
          className="min-w-0 flex-1 rounded-lg border border-line bg-page px-2.5 py-1 text-sm"
        />
        <button type="submit" className="button" disabled={title.trim() === ""}>
          Rename
        </button>
      </form>
      <p className="mt-4 flex flex-wrap items-center gap-x-3 gap-y-1 text-sm">
        <span className="text-muted">Export</span>
        {files.map(([format, name]) => (
          <a key={format} href={exportAddressOf(row.id, format)} download className="underline underline-offset-2">
            {name}
          </a>
        ))}
        <button type="button" className="button ml-auto py-0.5" onClick={() => act(fork())}>
          Fork
        </button>
      </p>
      {failure !== "" && (
        <p role="alert" className="mt-3 text-sm text-bad">
          {failure}
        </p>
      )}
      <div className="mt-5 flex items-center justify-between gap-2">
        {isAsked ? (
          <button
            type="button"
            className="button border-bad text-bad"
            onClick={() => act(client.delete(row.id, { discard: isLossTold }).then(onDeleted))}
          >
            {isLossTold ? "Delete it all the same" : "Yes, delete it for good"}
          </button>
        ) : (
          <button type="button" className="button text-bad" onClick={() => setAsked(true)}>
            Delete
          </button>
        )}
        <button type="button" className="button" onClick={() => dialog.current?.close()}>
          {isAsked ? "Keep it" : "Close"}
        </button>
      </div>
    </dialog>
  );
}
