import { useEffect, useMemo } from "react";
import { HistoryIcon, SidebarCollapseIcon, SidebarExpandIcon } from "@primer/octicons-react";
import type { Place } from "../address.ts";
import { ApprovalCard } from "../approval/approval-card.tsx";
import { Composer } from "../composer/composer.tsx";
import { withFiles } from "../composer/send-files.ts";
import { OpenPorts } from "../network/open-ports.tsx";
import { RefusedHosts } from "../network/refused-hosts.tsx";
import { Jobs } from "../now/jobs.tsx";
import { NowBar } from "../now/now-bar.tsx";
import { useWant } from "../now/use-want.ts";
import { isWorking } from "../now/words.ts";
import { client } from "../server.ts";
import { PageHead } from "../shell/page-frame.tsx";
import { useCommands, type Command } from "../shell/commands.ts";
import { usePane } from "../shell/panes.ts";
import { prefer, usePreferences } from "../shell/preferences.ts";
import { TimeBar } from "../time/time-bar.tsx";
import { usePast } from "../time/use-past.ts";
import { IconButton } from "../ui/button.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { toastFailure } from "../ui/toast.tsx";
import { WorkAside } from "../work/work-aside.tsx";
import { useWords } from "../words/words.ts";
import { Announcer } from "./announcer.tsx";
import { Timeline } from "./timeline.tsx";
import { useUnsent } from "./unsent.ts";
import { useRows } from "./use-rows.ts";
import { useView } from "./use-view.ts";

interface ConversationProps {
  readonly place: Extract<Place, { page: "conversation" }>;
  readonly title: string;
  /** Something changed that the list of conversations shows. */
  readonly onChange: () => void;
}

export function Conversation({ place, title, onChange }: ConversationProps) {
  const { id } = place;
  const words = useWords();
  const pane = usePane();
  const { workOpen } = usePreferences();
  const snapshot = useView(id);
  const { state, refused } = snapshot;
  const unsent = useUnsent(id, snapshot.events);
  const { at, settled, shown, goTo } = usePast(place, snapshot);
  const rows = useRows(shown, at === undefined ? unsent.messages : none);
  const want = useWant(id, state.agentState);
  useEffect(onChange, [onChange, state.agentState, state.title]);

  const last = snapshot.events.length - 1;
  useCommands(
    useMemo(
      (): readonly Command[] => [
        {
          id: "past",
          group: "conversation",
          label: (all) => (at === undefined ? all.time.look : all.time.toNow),
          keys: ["t"],
          run: () => goTo(at === undefined ? last : undefined),
        },
      ],
      [at, last, goTo],
    ),
  );

  const waiting = state.open.find((action) => action.id === state.awaiting?.id);

  if (refused !== undefined) {
    return (
      <main className="flex flex-1 flex-col">
        <PageHead title={title || words.shell.untitled} />
        <EmptyState title={refused.message} />
      </main>
    );
  }
  return (
    <div className="flex min-h-0 flex-1">
      <main className={`flex min-w-0 flex-1 flex-col ${pane === "work" ? "max-md:hidden" : ""}`}>
        <PageHead
          title={title || state.title || words.shell.untitled}
          actions={
            <>
              <IconButton
                icon={HistoryIcon}
                label={at === undefined ? words.time.look : words.time.toNow}
                keys="t"
                aria-pressed={at !== undefined}
                disabled={last < 0}
                onClick={() => goTo(at === undefined ? last : undefined)}
              />
              <IconButton
                icon={workOpen ? SidebarCollapseIcon : SidebarExpandIcon}
                label={workOpen ? words.shell.hideWork : words.shell.showWork}
                keys="mod+j"
                className="max-md:hidden"
                onClick={() => prefer({ workOpen: !workOpen })}
              />
            </>
          }
        />
        <Timeline snapshot={shown} rows={rows} event={place.event} />
        <div className="mx-auto w-full max-w-[46rem] px-4 pb-3 max-md:px-3 max-md:pb-2">
          {at === undefined ? (
            <>
              {waiting !== undefined && (
                <ApprovalCard
                  key={waiting.id}
                  action={waiting}
                  onAnswer={(decision, reason) => client.send(id, "approve", { id: waiting.id, decision, reason })}
                />
              )}
              <Jobs
                jobs={state.jobs}
                onEnd={(job) => void client.send(id, "job", { id: job, signal: "KILL" }).catch(toastFailure)}
              />
              <RefusedHosts
                snapshot={snapshot}
                onAllow={(host) => client.send(id, "allow_host", { host, allowed: true })}
              />
              <OpenPorts conversation={id} />
              <NowBar snapshot={snapshot} onWant={want} />
              <Composer
                label={words.chat.message}
                placeholder={
                  isWorking(state.agentState) || waiting !== undefined
                    ? words.chat.messageWhileWorking
                    : words.chat.messageHint
                }
                button={words.chat.send}
                draft={id}
                autoFocus
                onSend={async ({ text, images, files }) => unsent.send(await withFiles(id, text, files), images)}
              />
            </>
          ) : (
            <TimeBar conversation={id} events={snapshot.events} at={at} state={shown.state} onGo={goTo} />
          )}
        </div>
        <Announcer rows={rows} working={at === undefined && isWorking(state.agentState)} />
      </main>
      <WorkAside conversation={id} snapshot={shown} tab={place.tab} at={settled} />
    </div>
  );
}

const none: readonly never[] = [];
