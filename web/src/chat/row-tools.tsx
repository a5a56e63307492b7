import { HistoryIcon, LinkIcon } from "@primer/octicons-react";
import { conversationAddress, go, place } from "../address.ts";
import { IconButton } from "../ui/button.tsx";
import { copy, CopyButton } from "../ui/copy-button.tsx";
import { toast, toastFailure } from "../ui/toast.tsx";
import { useWords } from "../words/words.ts";

interface RowToolsProps {
  /** The event that a link leads to. */
  readonly id: number;
  readonly copy: () => string;
  readonly label: string;
}

/** What can be done with any row: there when one points at it, or comes to it with the keys. They take no room of their own. */
export function RowTools({ id, copy: text, label }: RowToolsProps) {
  const words = useWords();
  const link = (): void => {
    const here = place();
    if (here.page !== "conversation") return;
    const address = new URL(conversationAddress(here.id, { event: id }), location.href).href;
    copy(address).then(() => toast(words.shell.copied), toastFailure);
  };
  const lookBack = (): void => {
    const here = place();
    if (here.page !== "conversation") return;
    go(
      conversationAddress(here.id, { ...(here.tab === undefined ? {} : { tab: here.tab }), query: { at: String(id) } }),
    );
  };
  return (
    <span className="flex w-0 shrink-0 justify-start opacity-0 transition-opacity group-focus-within/row:opacity-100 group-hover/row:opacity-100 max-xl:hidden">
      <span className="flex pl-1">
        <CopyButton text={text} label={label} className="text-muted" />
        <IconButton icon={LinkIcon} label={words.chat.copyLink} size="small" className="text-muted" onClick={link} />
        <IconButton
          icon={HistoryIcon}
          label={words.time.lookHere}
          size="small"
          className="text-muted"
          onClick={lookBack}
        />
      </span>
    </span>
  );
}
