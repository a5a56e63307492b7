import { CopyIcon, HistoryIcon, LinkIcon, type Icon } from "@primer/octicons-react";
import { conversationUrl, navigate, currentRoute } from "../../urls.ts";
import { copyText } from "../../ui/copy-button.tsx";
import { toast, toastFailure } from "../../ui/toast.tsx";
import { useMessages } from "../../i18n/i18n.ts";

interface RowToolsProps {
  /** The event that a link leads to. */
  readonly id: number;
  readonly copy: () => string;
  readonly label: string;
}

/** What can be done with any row: there when one points at it, or comes to it with the keys. They take no room of their own. */
export function RowTools({ id, copy: text, label }: RowToolsProps) {
  const t = useMessages();
  const link = (): void => {
    const here = currentRoute();
    if (here.page !== "conversation") return;
    const address = new URL(conversationUrl(here.id, { event: id }), location.href).href;
    copied(address);
  };
  const copied = (what: string): void => void copyText(what).then(() => toast(t.common.copied), toastFailure);
  const lookBack = (): void => {
    const here = currentRoute();
    if (here.page !== "conversation") return;
    navigate(
      conversationUrl(here.id, { ...(here.tab === undefined ? {} : { tab: here.tab }), query: { at: String(id) } }),
    );
  };
  return (
    <span className="pointer-events-none absolute -top-5.5 right-2 z-10 flex rounded-md border border-line bg-panel opacity-0 shadow-low transition-opacity group-focus-within/row:pointer-events-auto group-focus-within/row:opacity-100 group-hover/row:pointer-events-auto group-hover/row:opacity-100 max-md:hidden">
      <Tool icon={CopyIcon} label={label} onClick={() => copied(text())} />
      <Tool icon={LinkIcon} label={t.timeline.copyLink} onClick={link} />
      <Tool icon={HistoryIcon} label={t.history.viewHere} onClick={lookBack} />
    </span>
  );
}

interface ToolProps {
  readonly icon: Icon;
  readonly label: string;
  readonly onClick: () => void;
}

/** Plain: there are three of them in each row that is scrolled past. */
function Tool({ icon: Mark, label, onClick }: ToolProps) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className="inline-flex size-6.5 items-center justify-center rounded-md text-muted hover:bg-raised hover:text-ink"
      onClick={onClick}
    >
      <Mark size={14} />
    </button>
  );
}
