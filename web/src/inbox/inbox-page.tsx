import { useMemo, useState } from "react";
import { InboxIcon } from "@primer/octicons-react";
import { boardUrl, conversationUrl, navigate } from "../urls.ts";
import { needsYou } from "../conversations/rows.ts";
import { useCommands, type Command } from "../shell/commands.ts";
import { Link } from "../shell/link.tsx";
import { PageFrame } from "../shell/page-frame.tsx";
import { buttonClass } from "../ui/button.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { useMessages } from "../i18n/i18n.ts";
import { InboxItemView } from "./inbox-item.tsx";
import { useInbox } from "./inbox-store.ts";

/** Everything that waits for the user in all conversations, answered here. */
export function InboxPage() {
  const t = useMessages();
  const { items, more, loaded } = useInbox();
  const [chosen, setChosen] = useState<string>();
  const approvals = items.filter(({ waiting }) => waiting.kind === "approval");
  const others = items.filter(({ waiting }) => waiting.kind !== "approval");
  const unseen = others.filter(needsYou);
  const seen = others.filter((item) => !needsYou(item));
  const order = [...approvals, ...unseen, ...seen].map(({ id }) => id);
  const current = chosen !== undefined && order.includes(chosen) ? chosen : order[0];
  useInboxCommands(order.join(" "), current, setChosen);

  if (!loaded) {
    return (
      <PageFrame title={t.app.inbox}>
        <Skeleton />
      </PageFrame>
    );
  }
  const group = (title: string, members: typeof items) =>
    members.length > 0 && (
      <section aria-label={title} className="mb-8">
        <h2 className="label-small mb-2">
          {title} <span className="tabular-nums">({members.length})</span>
        </h2>
        <ul className="flex flex-col gap-3">
          {members.map((item) => (
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
          {group(t.inbox.needsReply, unseen)}
          {group(t.inbox.seen, seen)}
          {more && <p className="text-sm text-muted">{t.inbox.moreItems}</p>}
        </>
      )}
    </PageFrame>
  );
}

/** Moves between items by keys. The ids are one string, which is the same value while nothing changes. */
function useInboxCommands(ids: string, current: string | undefined, choose: (id: string) => void): void {
  useCommands(useMemo(() => commandsFor(ids, current, choose), [ids, current, choose]));
}

function commandsFor(ids: string, current: string | undefined, choose: (id: string) => void): readonly Command[] {
  if (current === undefined) return [];
  const order = ids.split(" ");
  const move = (by: number): void => {
    const next = order[order.indexOf(current) + by];
    if (next === undefined) return;
    choose(next);
    document.getElementById(`inbox-${next}`)?.scrollIntoView({ block: "nearest" });
  };
  return [
    { id: "inbox-next", group: "go", label: (t) => t.inbox.nextItem, keys: ["j"], run: () => move(1) },
    { id: "inbox-before", group: "go", label: (t) => t.inbox.previousItem, keys: ["k"], run: () => move(-1) },
    {
      id: "inbox-open",
      group: "go",
      label: (t) => t.inbox.openConversation,
      keys: ["o"],
      run: () => navigate(conversationUrl(current)),
    },
  ];
}
