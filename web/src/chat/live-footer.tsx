import type { ViewState } from "@deckhand/client";
import { answerApproval } from "../approval/answer.ts";
import { ApprovalCard } from "../approval/approval-card.tsx";
import { Composer } from "../composer/composer.tsx";
import { uploadAttachments } from "../composer/upload-attachments.ts";
import { OpenPorts } from "../network/open-ports.tsx";
import { BlockedHosts } from "../network/blocked-hosts.tsx";
import { BackgroundProcesses } from "../status-bar/background-processes.tsx";
import { StatusBar } from "../status-bar/status-bar.tsx";
import { useStateRequest } from "../status-bar/use-state-request.ts";
import { isActive } from "../status-bar/activity.ts";
import { client } from "../server.ts";
import { toastFailure } from "../ui/toast.tsx";
import { useMessages } from "../i18n/i18n.ts";

interface LiveFooterProps {
  readonly conversation: string;
  readonly snapshot: ViewState;
  /** Fails when the server refuses it. */
  readonly onSend: (text: string, images: readonly string[]) => Promise<void>;
}

/** The foot of a conversation: what waits for a person, what happens now, and where one speaks. */
export function LiveFooter({ conversation: id, snapshot, onSend }: LiveFooterProps) {
  const t = useMessages();
  const { state } = snapshot;
  const want = useStateRequest(id, state.agentState);
  const waiting = state.open.find((action) => action.id === state.awaiting?.id);
  return (
    <>
      {waiting !== undefined && (
        <ApprovalCard
          key={waiting.id}
          action={waiting}
          onAnswer={(decision, reason) => answerApproval(id, waiting.id, decision, reason)}
        />
      )}
      <BackgroundProcesses
        jobs={state.jobs}
        onStop={(job) => void client.send(id, "job", { id: job, signal: "KILL" }).catch(toastFailure)}
      />
      <BlockedHosts snapshot={snapshot} onAllow={(host) => client.send(id, "allow_host", { host, allowed: true })} />
      <OpenPorts conversation={id} />
      <StatusBar snapshot={snapshot} onRequestState={want} />
      <Composer
        label={t.composer.message}
        placeholder={
          isActive(state.agentState) || waiting !== undefined
            ? t.composer.placeholderWhileWorking
            : t.composer.placeholder
        }
        button={t.common.send}
        draft={id}
        autoFocus
        onSend={async ({ text, images, files }) => onSend(await uploadAttachments(id, text, files), images)}
      />
    </>
  );
}
