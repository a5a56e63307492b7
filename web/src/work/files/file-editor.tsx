import { useEffect, useRef, useState } from "react";
import { AlertIcon, CheckIcon } from "@primer/octicons-react";
import { DeckhandError } from "@deckhand/protocol";
import { client } from "../../server.ts";
import { Button } from "../../ui/button.tsx";
import { Spinner } from "../../ui/progress.tsx";
import { toastFailure } from "../../ui/toast.tsx";
import { useMessages } from "../../i18n/i18n.ts";
import { openEditor, type Editor } from "./editor.ts";

export interface Stored {
  readonly text: string;
  /** ETag of this version. */
  readonly tag: string;
}

interface FileEditorProps {
  readonly conversation: string;
  readonly path: string;
  /** The version on disk. */
  readonly stored: Stored;
  /** Called when there are unsaved changes, or none any more. */
  readonly onDirty: (dirty: boolean) => void;
  /** Reads the file again, after a save or to take the version on disk. */
  readonly onReload: () => void;
}

type Saving = "idle" | "saving" | "saved";

/**
 * Edits a text file. A new version on disk is loaded automatically while there are no unsaved changes; otherwise the user
 * decides which one to keep, or compares them. A save only replaces the version that was read.
 */
export function FileEditor({ conversation, path, stored, onDirty, onReload }: FileEditorProps) {
  const t = useMessages();
  const container = useRef<HTMLDivElement>(null);
  const editor = useRef<Editor>(undefined);
  const base = useRef(stored);
  /** ETags of earlier versions: a response that was in flight during a save may still carry one. */
  const knownTags = useRef(new Set([stored.tag]));
  const [dirty, setDirty] = useState(false);
  const [saving, setSaving] = useState<Saving>("idle");
  const [diskVersion, setDiskVersion] = useState<Stored>();
  const [isComparing, setComparing] = useState(false);

  const setUnsaved = (is: boolean): void => {
    setDirty(is);
    onDirty(is);
  };

  const save = async (over: Stored): Promise<void> => {
    const text = editor.current?.text() ?? "";
    setSaving("saving");
    try {
      const tag = await client.files.write(conversation, path, text, { ifTag: over.tag });
      knownTags.current.add(over.tag).add(tag);
      base.current = { text, tag };
      editor.current?.compare(undefined);
      setComparing(false);
      setDiskVersion(undefined);
      setUnsaved((editor.current?.text() ?? text) !== text);
      setSaving("saved");
    } catch (error) {
      setSaving("idle");
      if (error instanceof DeckhandError && error.code === "conflict") return collide();
      toastFailure(error);
    }
  };
  const collide = async (): Promise<void> => {
    try {
      const { bytes, tag } = await client.files.read(conversation, path);
      setDiskVersion({ text: await new Response(bytes).text(), tag });
    } catch (error) {
      // The file was deleted; saving creates it again.
      if (error instanceof DeckhandError && error.code === "file_not_found") setDiskVersion({ text: "", tag: "new" });
      else toastFailure(error);
    }
  };
  const saveNow = useRef(() => {});
  useEffect(() => {
    saveNow.current = () => void save(base.current);
  });

  useEffect(() => {
    if (container.current === null) return;
    const opened = openEditor(container.current, {
      path,
      text: base.current.text,
      label: path,
      keepMine: t.work.files.keepMine,
      takeTheirs: t.work.files.useDiskVersion,
      onChange: () => {
        setSaving("idle");
        setUnsaved(opened.text() !== base.current.text);
      },
      onSave: () => saveNow.current(),
    });
    editor.current = opened;
    return () => opened[Symbol.dispose]();
    // The path is the key of this component, so it never changes here.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [path]);

  useEffect(() => {
    if (knownTags.current.has(stored.tag)) return;
    knownTags.current.add(stored.tag);
    if (editor.current?.text() === stored.text) base.current = stored;
    else if (editor.current?.text() === base.current.text) {
      base.current = stored;
      editor.current.replace(stored.text);
    } else {
      setDiskVersion(stored);
      return;
    }
    setUnsaved(false);
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- only for a new version on disk
  }, [stored]);

  const takeTheirs = (): void => {
    if (diskVersion === undefined) return;
    knownTags.current.add(diskVersion.tag);
    base.current = diskVersion;
    editor.current?.compare(undefined);
    editor.current?.replace(diskVersion.text);
    setComparing(false);
    setDiskVersion(undefined);
    setUnsaved(false);
    onReload();
  };

  return (
    <div className="flex min-h-0 flex-1 flex-col">
      {diskVersion !== undefined && (
        <div
          role="alert"
          className="flex flex-wrap items-center gap-2 border-b border-line bg-warn-soft px-3 py-2 text-sm"
        >
          <span className="text-warn">
            <AlertIcon size={14} />
          </span>
          <span className="min-w-40 flex-1">{t.work.files.changedOnDisk}</span>
          <Button
            size="small"
            aria-pressed={isComparing}
            onClick={() => {
              editor.current?.compare(isComparing ? undefined : diskVersion.text);
              setComparing(!isComparing);
            }}
          >
            {t.work.files.compare}
          </Button>
          <Button size="small" onClick={takeTheirs}>
            {t.work.files.useDiskVersion}
          </Button>
          <Button size="small" tone="danger" onClick={() => void save(diskVersion)}>
            {t.work.files.overwrite}
          </Button>
        </div>
      )}
      <div ref={container} data-keys="own" className="min-h-0 flex-1 overflow-hidden bg-panel" />
      <div className="flex h-9 shrink-0 items-center gap-2 border-t border-line px-3 text-xs text-muted">
        <span role="status" className="flex items-center gap-1.5">
          {saving === "saving" && <Spinner size={12} />}
          {saving === "saved" && !dirty && <CheckIcon size={12} />}
          {saving === "saving"
            ? t.work.files.saving
            : dirty
              ? t.work.files.unsaved
              : saving === "saved"
                ? t.common.saved
                : ""}
        </span>
        <Button
          size="small"
          tone={dirty ? "primary" : "plain"}
          keys="mod+s"
          className="ml-auto"
          disabled={!dirty || saving === "saving"}
          onClick={() => void save(base.current)}
        >
          {t.common.save}
        </Button>
      </div>
    </div>
  );
}
