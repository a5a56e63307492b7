import { useState } from "react";
import { useQuery } from "@tanstack/react-query";
import { escapeInvisible, type FileChange, type RestorePreview } from "@deckhand/protocol";
import { client } from "../server.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { Switch } from "../ui/switch.tsx";
import { toast, toastFailure } from "../ui/toast.tsx";
import { useMessages, currentMessages } from "../i18n/i18n.ts";

interface RestoreDialogProps {
  readonly conversation: string;
  readonly at: number;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** Previews what a restore would change before doing it. */
export function RestoreDialog({ conversation, at, onClose, onDone }: RestoreDialogProps) {
  const t = useMessages();
  const preview = useQuery({
    queryKey: ["restore", conversation, at],
    queryFn: ({ signal }) => client.previewRestore(conversation, at, signal),
    staleTime: 0,
    gcTime: 0,
    retry: false,
  });
  const [force, setForce] = useState(false);
  const [failure, setFailure] = useState("");
  const [busy, setBusy] = useState(false);
  const isForeign = (preview.data?.changed_since.length ?? 0) > 0;
  const isUnchanged = preview.data?.changed_files === 0;

  const undo = (event: number): void => {
    client.restore(conversation, event, false).catch(toastFailure);
  };
  const restore = async (): Promise<void> => {
    setBusy(true);
    setFailure("");
    try {
      const { cause } = await client.restore(conversation, at, force);
      const messages = currentMessages();
      toast(messages.history.restored, {
        tone: "good",
        ...(cause === undefined ? {} : { action: { label: messages.common.undo, run: () => undo(cause) } }),
      });
      onClose();
      onDone();
    } catch (error) {
      setFailure((error as Error).message);
      setBusy(false);
      void preview.refetch();
    }
  };

  return (
    <Dialog
      open
      onClose={onClose}
      title={t.history.restoreTitle}
      description={t.history.restoreDescription}
      size="large"
      actions={
        <>
          <Button onClick={onClose}>{t.common.cancel}</Button>
          <Button
            tone="primary"
            disabled={busy || preview.data === undefined || isUnchanged || (isForeign && !force)}
            onClick={() => void restore()}
          >
            {busy ? t.common.loading : t.history.restoreFiles(preview.data?.changed_files ?? 0)}
          </Button>
        </>
      }
    >
      {preview.isPending && <Skeleton />}
      {(failure || preview.error?.message) !== undefined && failure + (preview.error?.message ?? "") !== "" && (
        <p role="alert" className="rounded-lg bg-bad-soft px-3 py-2 text-sm text-bad">
          {failure || preview.error?.message}
        </p>
      )}
      {preview.data !== undefined && <AffectedFiles preview={preview.data} />}
      {isForeign && (
        <div className="mt-3 rounded-lg bg-warn-soft px-3 py-2 text-warn">
          <Switch label={t.history.discardForeignChanges} checked={force} onChange={setForce} />
        </div>
      )}
    </Dialog>
  );
}

const marks: Readonly<Record<FileChange["status"], readonly [sign: string, colour: string]>> = {
  added: ["+", "text-good"],
  modified: ["~", "text-info"],
  deleted: ["−", "text-bad"],
  renamed: ["→", "text-info"],
  type_changed: ["~", "text-info"],
};

function AffectedFiles({ preview }: { readonly preview: RestorePreview }) {
  const t = useMessages();
  const foreign = new Set(preview.changed_since);
  if (preview.changed_files === 0) return <p className="py-2 text-sm text-muted">{t.history.nothingToRestore}</p>;
  return (
    <>
      <ul
        aria-label={t.history.affectedFiles}
        className="max-h-[40dvh] overflow-y-auto rounded-lg border border-line py-1 text-sm"
      >
        {preview.files.map((file) => {
          const [sign, colour] = marks[file.status];
          const isForeign = foreign.has(file.path) || (file.old_path !== undefined && foreign.has(file.old_path));
          return (
            <li key={file.path} className="flex items-baseline gap-2.5 px-3 py-0.5">
              <span aria-hidden="true" className={`w-3 text-center font-mono ${colour}`}>
                {sign}
              </span>
              <span className="sr-only">{t.history.fileStatuses[file.status]}</span>
              <span className="min-w-0 flex-1 truncate font-mono text-xs">
                {file.old_path !== undefined && <span className="text-muted">{escapeInvisible(file.old_path)} → </span>}
                {escapeInvisible(file.path)}
              </span>
              {isForeign && <span className="shrink-0 text-xs text-warn">{t.history.changedByOthers}</span>}
              {!file.binary && (
                <span className="shrink-0 text-xs text-muted tabular-nums">
                  +{file.added_lines} −{file.deleted_lines}
                </span>
              )}
            </li>
          );
        })}
      </ul>
      {preview.files.length < preview.changed_files && (
        <p className="pt-1 text-xs text-muted">{t.common.moreItems(preview.changed_files - preview.files.length)}</p>
      )}
    </>
  );
}
