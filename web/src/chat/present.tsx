import type { ViewState } from "@deckhand/client";
import { answerApproval } from "../approval/answer.ts";
import { ApprovalCard } from "../approval/approval-card.tsx";
import { Composer } from "../composer/composer.tsx";
import { withFiles } from "../composer/send-files.ts";
import { OpenPorts } from "../network/open-ports.tsx";
import { BlockedHosts } from "../network/blocked-hosts.tsx";
import { Jobs } from "../now/jobs.tsx";
import { NowBar } from "../now/now-bar.tsx";
import { useWant } from "../now/use-want.ts";
import { isWorking } from "../now/words.ts";
import { client } from "../server.ts";
import { toastFailure } from "../ui/toast.tsx";
import { useMessages } from "../i18n/i18n.ts";

interface PresentProps {
  readonly conversation: string;
  readonly snapshot: ViewState;
  /** Fails when the server refuses it. */
  readonly onSend: (text: string, images: readonly string[]) => Promise<void>;
}

/** The foot of a conversation: what waits for a person, what happens now, and where one speaks. */
export function Present({ conversation: id, snapshot, onSend }: PresentProps) {
  const t = useMessages();
  const { state } = snapshot;
  const want = useWant(id, state.agentState);
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
      <Jobs
        jobs={state.jobs}
        onEnd={(job) => void client.send(id, "job", { id: job, signal: "KILL" }).catch(toastFailure)}
      />
      <BlockedHosts snapshot={snapshot} onAllow={(host) => client.send(id, "allow_host", { host, allowed: true })} />
      <OpenPorts conversation={id} />
      <NowBar snapshot={snapshot} onWant={want} />
      <Composer
        label={t.composer.message}
        placeholder={
          isWorking(state.agentState) || waiting !== undefined
            ? t.composer.placeholderWhileWorking
            : t.composer.placeholder
        }
        button={t.common.send}
        draft={id}
        autoFocus
        onSend={async ({ text, images, files }) => onSend(await withFiles(id, text, files), images)}
      />
    </>
  );
}
