import { useEffect, useState } from "react";
import { isAction, type Event } from "@deckhand/protocol";
import { ApprovalCard } from "../approval/approval-card.tsx";
import { Composer } from "../composer/composer.tsx";
import { EventPanel } from "../events/event-panel.tsx";
import { Jobs } from "../now/jobs.tsx";
import { OpenPorts } from "../network/open-ports.tsx";
import { FilesPanel } from "../files/files-panel.tsx";
import { RefusedHosts } from "../network/refused-hosts.tsx";
import { NowBar } from "../now/now-bar.tsx";
import { isWorking } from "../now/words.ts";
import { client } from "../server.ts";
import { Chat } from "./chat.tsx";
import { useView } from "./use-view.ts";

interface ConversationProps {
  readonly id: string;
  readonly title: string;
  /** Something changed that the list of conversations shows. */
  readonly onChange: () => void;
}

export function Conversation({ id, title, onChange }: ConversationProps) {
  const snapshot = useView(id);
  const { state, refused } = snapshot;
  const [eventsOpen, setEventsOpen] = useState(() => window.innerWidth >= 1280);
  const [filesOpen, setFilesOpen] = useState(false);
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
      <main className="flex min-w-0 flex-1 flex-col">
        <header className="hidden items-center justify-between gap-3 border-b border-line px-5 py-2.5 md:flex">
          <h1 className="truncate text-sm font-semibold">{title || state.title || "Untitled"}</h1>
          <span className="flex shrink-0 gap-2">
            <button
              type="button"
              className="button py-0.5"
              aria-pressed={filesOpen}
              onClick={() => setFilesOpen((open) => !open)}
            >
              Files
            </button>
            <button
              type="button"
              className="button py-0.5"
              aria-pressed={eventsOpen}
              onClick={() => setEventsOpen((open) => !open)}
            >
              Events
            </button>
          </span>
        </header>
        <Chat snapshot={snapshot} />
        <div className="mx-auto w-full max-w-3xl px-4 pb-4">
          {waiting !== undefined && (
            <ApprovalCard
              key={waiting.id}
              action={waiting}
              onAnswer={(decision, reason) => client.send(id, "approve", { id: waiting.id, decision, reason })}
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
      {filesOpen && (
        <FilesPanel conversation={id} changed={lastChange(snapshot.events)} onClose={() => setFilesOpen(false)} />
      )}
      {eventsOpen && <EventPanel events={snapshot.events} onClose={() => setEventsOpen(false)} />}
    </div>
  );
}

/** Id of the last observation that may have changed a file. */
function lastChange(events: readonly Event[]): number {
  const writes = new Set(["write", "edit", "run", "upload"]);
  return events.findLast((event) => !isAction(event) && writes.has(event.observation))?.id ?? -1;
}
