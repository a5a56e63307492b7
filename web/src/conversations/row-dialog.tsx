import { useState, type SubmitEvent } from "react";
import type { ConversationRow } from "@deckhand/client";
import { DeckhandError } from "@deckhand/protocol";
import { client } from "../server.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { TextField } from "../ui/text-field.tsx";
import { useMessages } from "../i18n/i18n.ts";

interface RowDialogProps {
  readonly row: ConversationRow;
  readonly what: "rename" | "delete";
  readonly onClose: () => void;
  readonly onDeleted: () => void;
}

/** The dialogs for renaming and deleting a conversation. */
export function RowDialog({ row, what, onClose, onDeleted }: RowDialogProps) {
  const t = useMessages();
  const [title, setTitle] = useState(row.title);
  const [unsavedWork, setUnsavedWork] = useState("");
  const [failure, setFailure] = useState("");

  const run = async (operation: Promise<unknown>): Promise<void> => {
    setFailure("");
    try {
      await operation;
      onClose();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (error instanceof DeckhandError && error.code === "conflict") setUnsavedWork(message);
      else setFailure(message);
    }
  };
  const rename = (event: SubmitEvent): void => {
    event.preventDefault();
    void run(client.change(row.id, { title }));
  };
  const failed = failure !== "" && (
    <p role="alert" className="mt-3 text-sm text-bad">
      {failure}
    </p>
  );

  if (what === "rename") {
    return (
      <Dialog open size="small" onClose={onClose} title={t.conversations.rename}>
        <form onSubmit={rename} className="mt-1 flex gap-2">
          <TextField
            className="flex-1"
            label={t.conversations.title}
            value={title}
            maxLength={200}
            required
            onChange={setTitle}
          />
          <Button type="submit" tone="primary" disabled={title.trim() === ""}>
            {t.conversations.rename}
          </Button>
        </form>
        {failed}
      </Dialog>
    );
  }
  return (
    <Dialog
      open
      size="small"
      onClose={onClose}
      title={t.conversations.deleteTitle}
      actions={
        <>
          <Button onClick={onClose}>{t.common.cancel}</Button>
          <Button
            tone="danger"
            onClick={() => void run(client.delete(row.id, { discard: unsavedWork !== "" }).then(onDeleted))}
          >
            {unsavedWork === "" ? t.conversations.delete : t.conversations.deleteAnyway}
          </Button>
        </>
      }
    >
      <p className="text-sm">{t.conversations.deleteDescription(row.title || t.common.untitled)}</p>
      {unsavedWork !== "" && (
        <p role="alert" className="mt-3 rounded-md bg-bad-soft px-3 py-2 text-sm text-bad">
          {unsavedWork}
        </p>
      )}
      {failed}
    </Dialog>
  );
}
