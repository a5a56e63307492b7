import { useRef, useState, type DragEvent } from "react";
import { DownloadIcon, FileAddedIcon, SearchIcon, UploadIcon } from "@primer/octicons-react";
import { archiveUrl, conversationUrl, navigate, useRoute } from "../../urls.ts";
import { buttonClass, IconButton } from "../../ui/button.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { Progress } from "../../ui/progress.tsx";
import { Skeleton } from "../../ui/skeleton.tsx";
import { TextField } from "../../ui/text-field.tsx";
import { Tooltip } from "../../ui/tooltip.tsx";
import { useMessages } from "../../i18n/i18n.ts";
import { lastChange } from "../changes/moments.ts";
import type { WorkTabProps } from "../tab-props.ts";
import { droppedFiles } from "./dropped-files.ts";
import { FileTree } from "./file-tree.tsx";
import { FileView } from "./file-view.tsx";
import { SearchResults } from "./search-results.tsx";
import { NewFileDialog } from "./new-file-dialog.tsx";
import { foldersAbove, parentOf, treeRows } from "./tree.ts";
import { maxEntries, useFolders } from "./use-folders.ts";
import { useUpload } from "./use-upload.ts";

/** The file tree with the open file beside it, or in its place in a narrow panel. */
export function FilesTab({ conversation, snapshot }: WorkTabProps) {
  const t = useMessages();
  const route = useRoute();
  const file = (route.page === "conversation" ? route.query.get("file") : null) ?? "";
  const [open, setOpen] = useState<ReadonlySet<string>>(() => new Set(foldersAbove(file)));
  const [search, setSearch] = useState("");
  const [within, setWithin] = useState<"names" | "content">("names");
  const [sent, setSent] = useState(0);
  const [isOver, setIsOver] = useState(false);
  const [makes, setMakes] = useState(false);
  const isDirty = useRef(false);
  const changed = lastChange(snapshot.events);
  const { listings, failure, isLoading } = useFolders(conversation, ["", ...open], `${changed} ${sent}`);
  const { progress, send } = useUpload(conversation, () => setSent((times) => times + 1));
  const rows = treeRows(listings, open);
  // New files and uploads go into the folder of the current selection.
  const folder = parentOf(file);

  const choose = (path: string): void => {
    if (isDirty.current && path !== file && !confirm(t.work.files.discardUnsaved)) return;
    isDirty.current = false;
    setOpen(new Set([...open, ...foldersAbove(path)]));
    navigate(conversationUrl(conversation, { tab: "files", query: path === "" ? {} : { file: path } }));
  };
  const toggle = (path: string): void => {
    const next = new Set(open);
    if (!next.delete(path)) next.add(path);
    setOpen(next);
  };
  const onDrop = async (event: DragEvent): Promise<void> => {
    event.preventDefault();
    setIsOver(false);
    await send(await droppedFiles(event.dataTransfer), folder);
  };
  const wanted = search.trim();

  return (
    <div className="@container flex min-h-0 flex-1 flex-col">
      <div className="flex min-h-0 flex-1">
        <section
          aria-label={t.work.tabs.files}
          className={`relative flex min-h-0 flex-1 flex-col ${file === "" ? "" : "@max-2xl:hidden @2xl:w-64 @2xl:flex-none @2xl:border-r @2xl:border-line"}`}
          onDragOver={(event) => {
            event.preventDefault();
            setIsOver(true);
          }}
          onDragLeave={() => setIsOver(false)}
          onDrop={(event) => void onDrop(event)}
        >
          <div className="flex h-9 shrink-0 items-center gap-0.5 border-b border-line px-1.5">
            <TextField
              label={t.work.files.search}
              placeholder={within === "names" ? t.work.files.searchNames : t.work.files.searchContent}
              value={search}
              onChange={setSearch}
              icon={<SearchIcon size={14} />}
              className="min-w-0 flex-1 [&_input]:h-7 [&_input]:border-transparent [&_input]:bg-transparent [&_input]:text-xs"
            />
            {wanted !== "" && (
              <button
                type="button"
                className={buttonClass("quiet", "small")}
                aria-pressed={within === "content"}
                onClick={() => setWithin(within === "names" ? "content" : "names")}
              >
                {t.work.files.inContent}
              </button>
            )}
            <IconButton icon={FileAddedIcon} size="small" label={t.work.files.newFile} onClick={() => setMakes(true)} />
            <Tooltip text={t.work.files.upload}>
              <label
                className={`${buttonClass("quiet", "small")} relative w-6.5 cursor-pointer px-0! focus-within:outline-2 focus-within:outline-accent`}
              >
                <UploadIcon size={14} />
                <input
                  type="file"
                  multiple
                  aria-label={t.work.files.upload}
                  className="sr-only"
                  onChange={({ target }) => {
                    const files = [...(target.files ?? [])].map((each) => ({ path: each.name, data: each }));
                    target.value = "";
                    void send(files, folder);
                  }}
                />
              </label>
            </Tooltip>
            <Tooltip text={t.work.files.downloadZip}>
              <a
                href={archiveUrl(conversation, "")}
                download
                aria-label={t.work.files.downloadZip}
                className={`${buttonClass("quiet", "small")} w-6.5 px-0!`}
              >
                <DownloadIcon size={14} />
              </a>
            </Tooltip>
          </div>
          {progress !== undefined && (
            <div role="status" className="flex items-center gap-2 border-b border-line px-3 py-1.5 text-xs text-muted">
              <span className="shrink-0">{t.work.files.uploadProgress(progress.sentFiles, progress.files)}</span>
              <Progress label={t.work.files.uploading} value={progress.share} />
            </div>
          )}
          <div className="min-h-0 flex-1 overflow-y-auto">
            {wanted !== "" ? (
              <SearchResults conversation={conversation} text={wanted} within={within} onChoose={choose} />
            ) : isLoading ? (
              <Skeleton lines={6} />
            ) : rows.length === 0 ? (
              <EmptyState title={failure === "" ? t.work.files.empty : t.work.files.cannotOpen}>
                {failure === "" ? t.work.files.emptyDescription : failure}
              </EmptyState>
            ) : (
              <FileTree rows={rows} chosen={file} onToggle={toggle} onChoose={choose} />
            )}
            {wanted === "" && [...listings.values()].some((page) => typeof page?.next === "string") && (
              <p className="px-3 py-2 text-xs text-muted">{t.work.files.firstShown(maxEntries)}</p>
            )}
          </div>
          {isOver && (
            <p className="pointer-events-none absolute inset-1 flex items-center justify-center rounded-lg border-2 border-dashed border-accent bg-accent-soft/85 text-sm font-medium text-accent">
              {t.work.files.dropToUpload(folder)}
            </p>
          )}
        </section>
        {file !== "" && (
          <FileView
            key={file}
            conversation={conversation}
            path={file}
            changed={changed}
            onClose={() => choose("")}
            onDirty={(is) => (isDirty.current = is)}
          />
        )}
      </div>
      {makes && (
        <NewFileDialog
          conversation={conversation}
          folder={folder}
          onClose={() => setMakes(false)}
          onMade={(path) => {
            setMakes(false);
            setSent((times) => times + 1);
            choose(path);
          }}
        />
      )}
    </div>
  );
}
