import { useState } from "react";
import { InboxIcon } from "@primer/octicons-react";
import { boardAddress } from "../address.ts";
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
  const words = useMessages();
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
      <PageFrame title={words.shell.inbox}>
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
    <PageFrame title={words.shell.inbox}>
      {items.length === 0 ? (
        <EmptyState
          icon={InboxIcon}
          title={words.people.inboxEmpty}
          actions={
            <Link href={boardAddress()} className={buttonClass()}>
              {words.shell.board}
            </Link>
          }
        >
          {words.people.inboxIs}
        </EmptyState>
      ) : (
        <>
          {group(words.people.waitingApproval, approvals)}
          {group(words.people.waitingWord, fresh)}
          {group(words.people.lookedAt, seen)}
          {more && <p className="text-sm text-muted">{words.people.inboxMore}</p>}
        </>
      )}
    </PageFrame>
  );
}
