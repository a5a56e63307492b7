import { useState, type DragEvent } from "react";
import type { UploadFile } from "@deckhand/client";
import { FileDirectoryIcon, UploadIcon } from "@primer/octicons-react";
import { buttonClass } from "../ui/button.tsx";
import { Select } from "../ui/select.tsx";
import { TextField } from "../ui/text-field.tsx";
import { formatSize } from "../i18n/format.ts";
import { useMessages } from "../i18n/i18n.ts";
import { droppedFiles } from "../work/files/dropped-files.ts";
import { defaultWorkspace, type WorkspaceForm, type WorkspaceKind } from "./workspace-form.ts";

interface WorkspaceFieldProps {
  readonly form: WorkspaceForm;
  readonly onChange: (form: WorkspaceForm) => void;
}

export function WorkspaceSelect({ form, onChange }: WorkspaceFieldProps) {
  const t = useMessages();
  const kinds = Object.keys(t.newTask.workspaces) as WorkspaceKind[];
  return (
    <Select
      quiet
      size="small"
      label={t.newTask.workspace}
      value={form.kind}
      choices={kinds.map((kind) => ({
        value: kind,
        label: t.newTask.workspaces[kind].name,
        description: t.newTask.workspaces[kind].description,
      }))}
      onChange={(kind) => onChange({ ...defaultWorkspace, kind })}
    />
  );
}

/** The fields that the form kind of workspace needs. */
export function WorkspaceDetails({ form, onChange }: WorkspaceFieldProps) {
  const t = useMessages();
  const { placeholder } = t.newTask.workspaces[form.kind];
  if (form.kind === "upload") return <Files form={form} onChange={onChange} />;
  if (placeholder === "") return null;
  const takesRef = form.kind === "git" || form.kind === "worktree";
  return (
    <div className="flex flex-wrap gap-2">
      <TextField
        className="min-w-56 flex-1"
        label={t.newTask.locationOf[form.kind]}
        placeholder={placeholder}
        spellCheck={false}
        value={form.text}
        onChange={(text) => onChange({ ...form, text })}
      />
      {takesRef && (
        <TextField
          className="w-44"
          label={t.newTask.ref}
          placeholder={t.newTask.ref}
          spellCheck={false}
          value={form.ref}
          onChange={(ref) => onChange({ ...form, ref })}
        />
      )}
    </div>
  );
}

function Files({ form, onChange }: WorkspaceFieldProps) {
  const t = useMessages();
  const [isOver, setOver] = useState(false);
  const bytes = form.files.reduce((sum, { data }) => sum + (data instanceof Blob ? data.size : 0), 0);
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    void droppedFiles(event.dataTransfer).then((files) => onChange({ ...form, files }));
  };
  const labelClass = `${buttonClass("plain", "small")} cursor-pointer has-focus-visible:outline-2 has-focus-visible:outline-accent`;
  return (
    <div
      role="group"
      aria-label={t.newTask.workspaces.upload.name}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
      className={`flex flex-wrap items-center gap-2 rounded-lg border border-dashed p-3 text-sm ${
        isOver ? "border-accent bg-accent-soft" : "border-strong"
      }`}
    >
      <span className="min-w-40 flex-1 text-muted">
        {form.files.length === 0 ? t.newTask.dropToUpload : t.newTask.filesChosen(form.files.length, formatSize(bytes))}
      </span>
      <label className={labelClass}>
        <UploadIcon size={14} />
        {t.newTask.chooseFiles}
        <input
          type="file"
          multiple
          aria-label={t.newTask.filesToUpload}
          className="sr-only"
          onChange={({ target }) => onChange({ ...form, files: chosenFiles(target.files) })}
        />
      </label>
      <label className={labelClass}>
        <FileDirectoryIcon size={14} />
        {t.newTask.chooseFolder}
        <input
          type="file"
          ref={(element) => element?.setAttribute("webkitdirectory", "")}
          aria-label={t.newTask.folderToUpload}
          className="sr-only"
          onChange={({ target }) => onChange({ ...form, files: chosenFiles(target.files) })}
        />
      </label>
    </div>
  );
}

/** Files of a form folder have their path in it. */
function chosenFiles(files: FileList | null): readonly UploadFile[] {
  return [...(files ?? [])].map((file) => ({ path: file.webkitRelativePath || file.name, data: file }));
}
