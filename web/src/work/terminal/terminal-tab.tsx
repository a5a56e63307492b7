import { useRef, useState } from "react";
import { PlusIcon, TerminalIcon, XIcon } from "@primer/octicons-react";
import { conversationUrl, navigate, useRoute } from "../../urls.ts";
import { client } from "../../server.ts";
import { Button, IconButton } from "../../ui/button.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { Spinner } from "../../ui/progress.tsx";
import { toastFailure } from "../../ui/toast.tsx";
import { useMessages } from "../../i18n/i18n.ts";
import type { WorkTabProps } from "../tab-props.ts";
import { TerminalView } from "./terminal-view.tsx";

/** The size until the container is measured. */
const first = { rows: 24, cols: 80 };

/** Shells in the conversation's sandbox, shared by all viewers. */
export function TerminalTab({ conversation, snapshot }: WorkTabProps) {
  const t = useMessages();
  const route = useRoute();
  const add = useRef<HTMLButtonElement>(null);
  const [opening, setOpening] = useState(false);
  const { terminals } = snapshot.state;
  const wanted = route.page === "conversation" ? route.query.get("terminal") : null;
  const chosen = terminals.find(({ id }) => id === wanted) ?? terminals.at(-1);

  const choose = (id: string): void =>
    navigate(conversationUrl(conversation, { tab: "terminal", query: { terminal: id } }), { replace: true });
  const open = (): void => {
    setOpening(true);
    client.terminals
      .open(conversation, first)
      .then(choose, toastFailure)
      .finally(() => setOpening(false));
  };

  if (chosen === undefined) {
    return (
      <EmptyState
        icon={TerminalIcon}
        title={t.work.terminal.empty}
        actions={
          <Button tone="primary" icon={PlusIcon} disabled={opening} onClick={open}>
            {t.work.terminal.open}
            {opening && <Spinner size={12} />}
          </Button>
        }
      >
        {t.work.terminal.description}
      </EmptyState>
    );
  }
  return (
    <>
      <div className="flex h-9 shrink-0 items-center gap-1 border-b border-line px-2">
        <ul aria-label={t.work.terminal.terminals} className="flex min-w-0 flex-1 items-center gap-1 overflow-x-auto">
          {terminals.map(({ id }, at) => (
            <li
              key={id}
              className={`group flex shrink-0 items-center rounded-md text-xs ${id === chosen.id ? "bg-active text-ink" : "text-muted hover:bg-raised"}`}
            >
              <button
                type="button"
                aria-current={id === chosen.id}
                className="h-6.5 py-0.5 pr-1 pl-2 font-medium"
                onClick={() => choose(id)}
              >
                {t.work.terminal.terminal(at + 1)}
              </button>
              <IconButton
                icon={XIcon}
                size="small"
                label={t.work.terminal.closeTerminal(at + 1)}
                onClick={() => client.terminals.close(conversation, id).catch(toastFailure)}
              />
            </li>
          ))}
        </ul>
        <IconButton
          ref={add}
          icon={PlusIcon}
          size="small"
          label={t.work.terminal.open}
          disabled={opening}
          onClick={open}
        />
      </div>
      <TerminalView
        key={chosen.id}
        conversation={conversation}
        id={chosen.id}
        label={t.work.terminal.terminal(terminals.indexOf(chosen) + 1)}
        onLeave={() => add.current?.focus()}
      />
    </>
  );
}
