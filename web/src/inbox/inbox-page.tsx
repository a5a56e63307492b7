import { useState } from "react";
import { InboxIcon } from "@primer/octicons-react";
import { boardUrl } from "../urls.ts";
import { needsYou } from "../conversations/rows.ts";
import { Link } from "../shell/link.tsx";
import { PageFrame } from "../shell/page-frame.tsx";
import { buttonClass } from "../ui/button.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { useMessages } from "../i18n/i18n.ts";
import { useInboxKeys } from "./inbox-keys.ts";
import { InboxItemView } from "./inbox-item.tsx";
import { useInbox } from "./inbox-store.ts";

/** What agents ask of a person, over all conversations, answered here. */
export function InboxPage() {
  const t = useMessages();
  const { items, more, loaded } = useInbox();
  const [chosen, setChosen] = useState<string>();
  const approvals = items.filter(({ waiting }) => waiting.kind === "approval");
  const others = items.filter(({ waiting }) => waiting.kind !== "approval");
  const fresh = others.filter(needsYou);
  const seen = others.filter((item) => !needsYou(item));
  const order = [...approvals, ...fresh, ...seen].map(({ id }) => id);
  const current = chosen !== undefined && order.includes(chosen) ? chosen : order[0];
  useInboxKeys(order.join(" "), current, setChosen);

  if (!loaded) {
    return (
      <PageFrame title={t.app.inbox}>
        <Skeleton />
      </PageFrame>
    );
  }
  const group = (title: string, group_: typeof items) =>
    group_.length > 0 && (
      <section aria-label={title} className="mb-8">
        <h2 className="label-small mb-2">
          {title} <span className="tabular-nums">({group_.length})</span>
        </h2>
        <ul className="flex flex-col gap-3">
          {group_.map((item) => (
            <li key={item.id} id={`inbox-${item.id}`} className="scroll-my-4">
              <InboxItemView item={item} current={item.id === current} onFocus={() => setChosen(item.id)} />
            </li>
          ))}
        </ul>
      </section>
    );
  return (
    <PageFrame title={t.app.inbox}>
      {items.length === 0 ? (
        <EmptyState
          icon={InboxIcon}
          title={t.inbox.empty}
          actions={
            <Link href={boardUrl()} className={buttonClass()}>
              {t.app.board}
            </Link>
          }
        >
          {t.inbox.emptyDescription}
        </EmptyState>
      ) : (
        <>
          {group(t.inbox.waitingForApproval, approvals)}
          {group(t.inbox.needsReply, fresh)}
          {group(t.inbox.seen, seen)}
          {more && <p className="text-sm text-muted">{t.inbox.moreItems}</p>}
        </>
      )}
    </PageFrame>
  );
}
