import { useState, type SubmitEvent } from "react";
import { RepoForkedIcon } from "@primer/octicons-react";
import type { ConversationRow } from "@deckhand/client";
import { DeckhandError } from "@deckhand/protocol";
import { conversationAddress, exportAddressOf, go } from "../address.ts";
import { client } from "../server.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { TextField } from "../ui/text-field.tsx";
import { useWords } from "../words/words.ts";

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

/** What can be done with a conversation of the list. */
export function RowDialog({ row, onClose, onChange, onDeleted }: RowDialogProps) {
  const words = useWords();
  const [title, setTitle] = useState(row.title);
  const [isAsked, setAsked] = useState(false);
  const [isLossTold, setLossTold] = useState(false);
  const [failure, setFailure] = useState("");

  const act = async (doing: Promise<void>): Promise<void> => {
    setFailure("");
    try {
      await doing;
      onChange();
      onClose();
    } catch (error) {
      if (error instanceof DeckhandError && error.code === "conflict") setLossTold(true);
      setFailure(error instanceof Error ? error.message : String(error));
    }
  };
  const rename = (event: SubmitEvent): void => {
    event.preventDefault();
    void act(client.rename(row.id, title));
  };
  const fork = async (): Promise<void> => go(conversationAddress((await client.fork(row.id)).id));

  return (
    <Dialog
      open
      onClose={onClose}
      title={row.title || words.shell.untitled}
      actions={
        <>
          {isAsked ? (
            <Button tone="danger" onClick={() => act(client.delete(row.id, { discard: isLossTold }).then(onDeleted))}>
              {isLossTold ? words.people.deleteAllTheSame : words.people.deleteForGood}
            </Button>
          ) : (
            <Button tone="danger" onClick={() => setAsked(true)}>
              {words.people.delete}
            </Button>
          )}
          <Button onClick={onClose}>{isAsked ? words.people.keepIt : words.shell.close}</Button>
        </>
      }
    >
      <form onSubmit={rename} className="mt-1 flex gap-2">
        <TextField
          className="flex-1"
          label={words.people.title}
          value={title}
          maxLength={200}
          required
          onChange={setTitle}
        />
        <Button type="submit" disabled={title.trim() === ""}>
          {words.people.rename}
        </Button>
      </form>
      <p className="mt-4 flex flex-wrap items-center gap-x-3 gap-y-1 text-sm">
        <span className="text-muted">{words.people.exportAs}</span>
        {files.map(([format, name]) => (
          <a key={format} href={exportAddressOf(row.id, format)} download className="underline underline-offset-2">
            {name}
          </a>
        ))}
        <Button size="small" icon={RepoForkedIcon} className="ml-auto" onClick={() => act(fork())}>
          {words.people.fork}
        </Button>
      </p>
      {failure !== "" && (
        <p role="alert" className="mt-3 text-sm text-bad">
          {failure}
        </p>
      )}
    </Dialog>
  );
}
