import { useState, type FormEvent } from "react";
import { DeckhandError } from "@deckhand/protocol";
import { client } from "../../server.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { TextField } from "../../ui/text-field.tsx";
import { useMessages } from "../../i18n/i18n.ts";

interface NewFileDialogProps {
  readonly conversation: string;
  /** The folder that the path starts with. */
  readonly folder: string;
  readonly onClose: () => void;
  readonly onMade: (path: string) => void;
}

export function NewFileDialog({ conversation, folder, onClose, onMade }: NewFileDialogProps) {
  const t = useMessages();
  const [path, setPath] = useState(folder === "" ? "" : `${folder}/`);
  const [failure, setFailure] = useState("");
  const make = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const wanted = path.trim().replace(/^\/+/, "");
    try {
      await client.files.write(conversation, wanted, "", { ifTag: "new" });
      onMade(wanted);
    } catch (error) {
      const isThere = error instanceof DeckhandError && error.code === "exists";
      setFailure(isThere ? t.work.files.fileExists : error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title={t.work.files.newFile}
      size="small"
      actions={
        <Button tone="primary" type="submit" form="new-file" disabled={path.trim() === "" || path.endsWith("/")}>
          {t.work.files.create}
        </Button>
      }
    >
      <form id="new-file" onSubmit={(event) => void make(event)}>
        <TextField
          label={t.work.files.path}
          labelShown
          autoFocus
          placeholder="src/notes.md"
          description={t.work.files.pathDescription}
          failure={failure}
          value={path}
          onChange={(next) => {
            setFailure("");
            setPath(next);
          }}
        />
      </form>
    </Dialog>
  );
}
