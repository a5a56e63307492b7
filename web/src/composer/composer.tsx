import { useLayoutEffect, useRef, useState, type KeyboardEvent } from "react";

interface ComposerProps {
  readonly label: string;
  readonly placeholder: string;
  readonly button: string;
  readonly autoFocus?: boolean;
  /** Fails when the server refuses; then the text is put back. */
  readonly onSend: (text: string) => Promise<unknown>;
}

/** Enter sends, Shift+Enter makes a new line; while characters are being composed (Japanese, Chinese …) Enter is theirs. */
export function Composer({ label, placeholder, button, autoFocus = false, onSend }: ComposerProps) {
  const [text, setText] = useState("");
  const [failure, setFailure] = useState("");
  const area = useRef<HTMLTextAreaElement>(null);

  useLayoutEffect(() => {
    if (area.current === null) return;
    area.current.rows = Math.min(12, Math.max(text.split("\n").length, 1));
  }, [text]);

  const send = async (): Promise<void> => {
    const sent = text;
    if (sent.trim() === "") return;
    setText("");
    setFailure("");
    try {
      await onSend(sent);
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
      setText((typed) => (typed === "" ? sent : typed));
    }
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    void send();
  };

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <div className="flex items-end gap-2 rounded-2xl border border-line bg-panel p-2 shadow-sm focus-within:border-accent">
        <textarea
          ref={area}
          aria-label={label}
          placeholder={placeholder}
          value={text}
          rows={1}
          // oxlint-disable-next-line jsx-a11y/no-autofocus -- the page has one purpose
          autoFocus={autoFocus}
          className="max-h-72 min-w-0 flex-1 resize-none bg-transparent px-2 py-1 outline-none placeholder:text-muted"
          onChange={(event) => setText(event.target.value)}
          onKeyDown={onKeyDown}
        />
        <button
          type="submit"
          disabled={text.trim() === ""}
          className="rounded-xl bg-accent px-4 py-1.5 text-sm font-semibold text-on-accent transition-opacity disabled:opacity-40"
        >
          {button}
        </button>
      </div>
      {failure !== "" && (
        <p role="alert" className="px-3 pt-1 text-sm text-bad">
          {failure}
        </p>
      )}
    </form>
  );
}
