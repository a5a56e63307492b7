import { ProjectIcon } from "@primer/octicons-react";
import { PageFrame } from "../shell/page-frame.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { useWords } from "../words/words.ts";

export function BoardPage() {
  const words = useWords();
  return (
    <PageFrame title={words.shell.board}>
      <EmptyState icon={ProjectIcon} title={words.people.boardEmpty}>
        {words.people.boardIs}
      </EmptyState>
    </PageFrame>
  );
}
