import { useEffect, useState } from "react";
import { SidebarCollapseIcon, SidebarExpandIcon } from "@primer/octicons-react";
import type { Place } from "../address.ts";
import { answerApproval } from "../approval/answer.ts";
import { ApprovalCard } from "../approval/approval-card.tsx";
import { Composer } from "../composer/composer.tsx";
import { Jobs } from "../now/jobs.tsx";
import { OpenPorts } from "../network/open-ports.tsx";
import { RefusedHosts } from "../network/refused-hosts.tsx";
import { NowBar } from "../now/now-bar.tsx";
import { isWorking } from "../now/words.ts";
import { client } from "../server.ts";
import { PageHead } from "../shell/page-frame.tsx";
import { usePane } from "../shell/panes.ts";
import { prefer, usePreferences } from "../shell/preferences.ts";
import { IconButton } from "../ui/button.tsx";
import { ResizeHandle } from "../ui/resize-handle.tsx";
import { WorkPanel } from "../work/work-panel.tsx";
import { useWords } from "../words/words.ts";
import { Chat } from "./chat.tsx";
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
  const { workOpen, workWidth } = usePreferences();
  const snapshot = useView(id);
  const { state, refused } = snapshot;
  const [failure, setFailure] = useState("");
  useEffect(onChange, [onChange, state.agentState, state.title]);

  const want = (agentState: "running" | "paused" | "stopped"): void => {
    setFailure("");
    client
      .send(id, "change_agent_state", { agent_state: agentState, thought: "" })
      .catch((error: Error) => setFailure(error.message));
  };

  const endJob = (job: string): void => {
    setFailure("");
    client.send(id, "job", { id: job, signal: "KILL" }).catch((error: Error) => setFailure(error.message));
  };

  const waiting = state.open.find((action) => action.id === state.awaiting?.id);

  if (refused !== undefined) {
    return (
      <main className="flex flex-1 items-center justify-center p-6">
        <p role="alert" className="text-muted">
          {refused.message}
        </p>
      </main>
    );
  }
  return (
    <div className="flex min-h-0 flex-1">
      <main className={`flex min-w-0 flex-1 flex-col ${pane === "work" ? "max-md:hidden" : ""}`}>
        <PageHead
          title={title || state.title || words.shell.untitled}
          actions={
            <IconButton
              icon={workOpen ? SidebarCollapseIcon : SidebarExpandIcon}
              label={workOpen ? words.shell.hideWork : words.shell.showWork}
              keys="mod+j"
              className="max-md:hidden"
              onClick={() => prefer({ workOpen: !workOpen })}
            />
          }
        />
        <Chat snapshot={snapshot} />
        <div className="mx-auto w-full max-w-3xl px-4 pb-4">
          {waiting !== undefined && (
            <ApprovalCard
              key={waiting.id}
              action={waiting}
              onAnswer={(decision, reason) => answerApproval(id, waiting.id, decision, reason)}
            />
          )}
          <Jobs jobs={state.jobs} onEnd={endJob} />
          <RefusedHosts
            snapshot={snapshot}
            onAllow={(host) => client.send(id, "allow_host", { host, allowed: true })}
          />
          <OpenPorts conversation={id} />
          <NowBar snapshot={snapshot} onWant={want} />
          {failure !== "" && (
            <p role="alert" className="px-3 pb-1 text-sm text-bad">
              {failure}
            </p>
          )}
          <Composer
            label="Message"
            placeholder={
              isWorking(state.agentState) || waiting !== undefined
                ? "Say something; it is taken in at the next step"
                : "Message"
            }
            button="Send"
            autoFocus
            onSend={(content) => client.send(id, "message", { content })}
          />
        </div>
      </main>
      {workOpen && (
        <ResizeHandle
          label={words.shell.resizeWork}
          width={workWidth}
          min={280}
          max={1100}
          onChange={(width) => prefer({ workWidth: width })}
        />
      )}
      <aside
        ref={(element) => element?.style.setProperty("--work-width", `${workWidth}px`)}
        aria-label={words.shell.work}
        className={`min-h-0 flex-col bg-page md:w-(--work-width) md:max-w-[60vw] md:shrink-0 ${
          pane === "work" ? "max-md:flex max-md:flex-1" : "max-md:hidden"
        } ${workOpen ? "flex" : "md:hidden"}`}
      >
        {(workOpen || pane === "work") && <WorkPanel conversation={id} snapshot={snapshot} tab={place.tab} />}
      </aside>
    </div>
  );
}
