import { CommentDiscussionIcon, FileDiffIcon, InboxIcon, ListUnorderedIcon, type Icon } from "@primer/octicons-react";
import { inboxUrl, useRoute } from "../urls.ts";
import { useInbox } from "../inbox/inbox-store.ts";
import { useMessages } from "../i18n/i18n.ts";
import { Link } from "./link.tsx";
import { showPane, usePane, type Pane } from "./panes.ts";

/** The navigation bar of narrow screens, which switches between panes. */
export function PhoneBar() {
  const t = useMessages();
  const pane = usePane();
  const { page } = useRoute();
  const { count } = useInbox();
  const itemClass = "flex flex-1 flex-col items-center gap-0.5 py-1.5 text-2xs font-medium";
  const item = (id: Pane, icon: Icon, name: string) => {
    const Mark = icon;
    const current = pane === id && page !== "inbox";
    return (
      <button
        type="button"
        aria-pressed={current}
        className={`${itemClass} ${current ? "text-accent" : "text-muted"}`}
        onClick={() => showPane(id)}
      >
        <Mark size={20} />
        {name}
      </button>
    );
  };
  return (
    <nav
      aria-label={t.app.navigation}
      className="flex shrink-0 border-t border-line bg-side pb-[env(safe-area-inset-bottom)] md:hidden"
    >
      {item("list", ListUnorderedIcon, t.app.conversations)}
      {item("main", CommentDiscussionIcon, page === "conversation" ? t.app.conversation : t.app.newTask)}
      {page === "conversation" && item("work", FileDiffIcon, t.app.workPanel)}
      <Link
        href={inboxUrl()}
        current={page === "inbox"}
        className={`${itemClass} ${page === "inbox" && pane === "main" ? "text-accent" : "text-muted"}`}
      >
        <span className="relative">
          <InboxIcon size={20} />
          {count > 0 && (
            <span className="absolute -top-1 -right-2.5 min-w-4 rounded-full bg-warn px-1 text-center text-2xs leading-4 font-semibold text-page tabular-nums">
              {count}
            </span>
          )}
        </span>
        {t.app.inbox}
      </Link>
    </nav>
  );
}
