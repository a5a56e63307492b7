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
  /** Rejects if the server refuses the message. */
  readonly onSend: (text: string, images: readonly string[]) => Promise<void>;
}

/** The foot of a conversation that is not viewed in the past: pending approval, status and composer. */
export function LiveFooter({ conversation: id, snapshot, onSend }: LiveFooterProps) {
  const t = useMessages();
  const { state } = snapshot;
  const requestState = useStateRequest(id, state.agentState);
  const pending = state.open.find((action) => action.id === state.awaiting?.id);
  return (
    <>
      {pending !== undefined && (
        <ApprovalCard
          key={pending.id}
          action={pending}
          onAnswer={(decision, reason) => answerApproval(id, pending.id, decision, reason)}
        />
      )}
      <BackgroundProcesses
        jobs={state.jobs}
        onStop={(job) => void client.send(id, "job", { id: job, signal: "KILL" }).catch(toastFailure)}
      />
      <BlockedHosts snapshot={snapshot} onAllow={(host) => client.send(id, "allow_host", { host, allowed: true })} />
      <OpenPorts conversation={id} />
      <StatusBar snapshot={snapshot} onRequestState={requestState} />
      <Composer
        label={t.composer.message}
        placeholder={
          isActive(state.agentState) || pending !== undefined
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
