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

/** What wants a word or a second question. */
export function RowDialog({ row, what, onClose, onDeleted }: RowDialogProps) {
  const t = useMessages();
  const [title, setTitle] = useState(row.title);
  const [loss, setLoss] = useState("");
  const [failure, setFailure] = useState("");

  const act = async (doing: Promise<unknown>): Promise<void> => {
    setFailure("");
    try {
      await doing;
      onClose();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (error instanceof DeckhandError && error.code === "conflict") setLoss(why);
      else setFailure(why);
    }
  };
  const rename = (event: SubmitEvent): void => {
    event.preventDefault();
    void act(client.change(row.id, { title }));
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
            onClick={() => void act(client.delete(row.id, { discard: loss !== "" }).then(onDeleted))}
          >
            {loss === "" ? t.conversations.delete : t.conversations.deleteAnyway}
          </Button>
        </>
      }
    >
      <p className="text-sm">{t.conversations.deleteDescription(row.title || t.common.untitled)}</p>
      {loss !== "" && (
        <p role="alert" className="mt-3 rounded-md bg-bad-soft px-3 py-2 text-sm text-bad">
          {loss}
        </p>
      )}
      {failed}
    </Dialog>
  );
}
