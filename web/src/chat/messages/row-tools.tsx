import { CopyIcon, HistoryIcon, LinkIcon, type Icon } from "@primer/octicons-react";
import { conversationUrl, navigate, currentRoute } from "../../urls.ts";
import { copyText } from "../../ui/copy-button.tsx";
import { toast, toastFailure } from "../../ui/toast.tsx";
import { useMessages } from "../../i18n/i18n.ts";

interface RowToolsProps {
  /** The event for links. */
  readonly id: number;
  readonly text: () => string;
  readonly label: string;
}

/** The toolbar of a row, shown on hover and keyboard focus. It takes no space in the layout. */
export function RowTools({ id, text, label }: RowToolsProps) {
  const t = useMessages();
  const link = (): void => {
    const route = currentRoute();
    if (route.page !== "conversation") return;
    copy(new URL(conversationUrl(route.id, { event: id }), location.href).href);
  };
  const copy = (value: string): void => void copyText(value).then(() => toast(t.common.copied), toastFailure);
  const viewHere = (): void => {
    const route = currentRoute();
    if (route.page !== "conversation") return;
    navigate(
      conversationUrl(route.id, { ...(route.tab === undefined ? {} : { tab: route.tab }), query: { at: String(id) } }),
    );
  };
  return (
    <span className="pointer-events-none absolute -top-5.5 right-2 z-10 flex rounded-md border border-line bg-panel opacity-0 shadow-low transition-opacity group-focus-within/row:pointer-events-auto group-focus-within/row:opacity-100 group-hover/row:pointer-events-auto group-hover/row:opacity-100 max-md:hidden">
      <Tool icon={CopyIcon} label={label} onClick={() => copy(text())} />
      <Tool icon={LinkIcon} label={t.timeline.copyLink} onClick={link} />
      <Tool icon={HistoryIcon} label={t.history.viewHere} onClick={viewHere} />
    </span>
  );
}

interface ToolProps {
  readonly icon: Icon;
  readonly label: string;
  readonly onClick: () => void;
}

/** Without a tooltip component: every visible row has three of these. */
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
