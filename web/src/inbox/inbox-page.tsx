import { InboxIcon } from "@primer/octicons-react";
import { PageFrame } from "../shell/page-frame.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { useWords } from "../words/words.ts";

export function InboxPage() {
  const words = useWords();
  return (
    <PageFrame title={words.shell.inbox}>
      <EmptyState icon={InboxIcon} title={words.people.inboxEmpty}>
        {words.people.inboxIs}
      </EmptyState>
    </PageFrame>
  );
}
