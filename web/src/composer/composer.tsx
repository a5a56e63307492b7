import {
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  type ClipboardEvent,
  type KeyboardEvent,
  type ReactNode,
} from "react";
import { ArrowUpIcon, PaperclipIcon } from "@primer/octicons-react";
import { useCommands } from "../shell/commands.ts";
import { IconButton } from "../ui/button.tsx";
import { Spinner } from "../ui/progress.tsx";
import { useMessages } from "../i18n/i18n.ts";
import { AttachmentList, useAttachments, useDrop } from "./attachments.tsx";
import { useDraft } from "./draft.ts";

export interface Sent {
  readonly text: string;
  /** Data URLs. */
  readonly images: readonly string[];
  /** For the workspace. */
  readonly files: readonly File[];
}

interface ComposerProps {
  readonly label: string;
  readonly placeholder: string;
  readonly button: string;
  /** The name under which the draft is stored across reloads. */
  readonly draft: string;
  readonly autoFocus?: boolean;
  /** Rejects if the server refuses the message, which is then restored in the composer. */
  readonly onSend: (sent: Sent) => Promise<unknown>;
  /** Controls beside the attach button. */
  readonly bar?: ReactNode;
  readonly rows?: number;
}

/**
 * Enter sends and Shift+Enter inserts a line break; on a phone Enter inserts it. While an input method composes
 * characters (Japanese, Chinese and others) Enter belongs to the input method.
 */
export function Composer({
  label,
  placeholder,
  button,
  draft,
  autoFocus = false,
  onSend,
  bar,
  rows = 1,
}: ComposerProps) {
  const t = useMessages();
  const [text, setText] = useDraft(draft);
  const attachments = useAttachments();
  const [failure, setFailure] = useState("");
  const [sending, setSending] = useState(0);
  const area = useRef<HTMLTextAreaElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  const isOver = useDrop(attachments.add, true);
  const isEmpty = text.trim() === "" && attachments.all.length === 0;

  useLayoutEffect(() => {
    // For browsers without `field-sizing`.
    if (area.current !== null) area.current.rows = Math.min(12, Math.max(text.split("\n").length, rows));
  }, [text, rows]);

  useCommands(
    useMemo(
      () => [
        {
          id: "write",
          group: "conversation",
          label: (messages) => messages.composer.focus,
          keys: ["m", "/"],
          run: () => area.current?.focus(),
        },
      ],
      [],
    ),
  );

  const send = async (): Promise<void> => {
    if (isEmpty) return;
    const attached = attachments.all;
    const images = attached.flatMap(({ image }) => image ?? []);
    const files = attached.filter(({ image }) => image === undefined).map(({ file }) => file);
    setText("");
    attachments.set([]);
    setFailure("");
    setSending((count) => count + 1);
    try {
      await onSend({ text, images, files });
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
      if (area.current?.value === "") setText(text);
      attachments.set(attached);
    } finally {
      setSending((count) => count - 1);
    }
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Escape") area.current?.blur();
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing || isTouchKeyboard()) return;
    event.preventDefault();
    void send();
  };
  const onPaste = (event: ClipboardEvent): void => {
    const files = [...event.clipboardData.files];
    // Text copied from office programs comes with an image of itself.
    if (files.length === 0 || event.clipboardData.types.includes("text/plain")) return;
    event.preventDefault();
    attachments.add(files);
  };

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <div
        className={`relative rounded-xl border bg-panel shadow-low transition-colors focus-within:border-accent focus-within:ring-3 focus-within:ring-accent/15 ${
          isOver ? "border-accent" : "border-line"
        }`}
      >
        <AttachmentList all={attachments.all} remove={attachments.remove} />
        <textarea
          ref={area}
          aria-label={label}
          placeholder={placeholder}
          value={text}
          rows={rows}
          // oxlint-disable-next-line jsx-a11y/no-autofocus -- the page has one purpose
          autoFocus={autoFocus}
          className={`block field-sizing-content max-h-72 w-full ${rows > 1 ? "min-h-20" : "min-h-10"} resize-none bg-transparent px-3.5 pt-2.5 pb-1 text-prose outline-none placeholder:text-muted`}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={onKeyDown}
          onPaste={onPaste}
        />
        <div className="flex items-center gap-1 px-1.5 pb-1.5">
          <IconButton
            icon={PaperclipIcon}
            label={t.composer.attach}
            className="text-muted"
            onClick={() => picker.current?.click()}
          />
          {bar}
          <span className="flex-1" />
          {sending > 0 && <Spinner />}
          <button
            type="submit"
            aria-label={button}
            disabled={isEmpty}
            className="inline-flex size-8 items-center justify-center rounded-lg bg-accent text-on-accent transition-opacity hover:brightness-110 disabled:opacity-35"
          >
            <ArrowUpIcon size={16} />
          </button>
        </div>
        {isOver && (
          <p className="absolute inset-0 flex items-center justify-center rounded-xl bg-accent-soft/95 text-sm font-medium text-accent">
            {t.composer.dropToAttach}
          </p>
        )}
        <input
          ref={picker}
          type="file"
          multiple
          tabIndex={-1}
          aria-hidden="true"
          className="hidden"
          onChange={({ target }) => {
            attachments.add([...(target.files ?? [])]);
            // Choosing the same file again must trigger a change event.
            target.value = "";
          }}
        />
      </div>
      {failure !== "" && (
        <p role="alert" className="px-3 pt-1 text-sm text-bad">
          {failure}
        </p>
      )}
    </form>
  );
}

/** On-screen keyboards have no Shift+Enter. */
function isTouchKeyboard(): boolean {
  return matchMedia("(pointer: coarse) and (not (any-pointer: fine))").matches;
}
