import type { ConnectionStatus } from "@deckhand/client";
import { useConnectionStatus } from "../server.ts";
import { useNow } from "../shell/use-now.ts";
import { useMessages } from "../i18n/i18n.ts";
import type { Messages } from "../i18n/messages.ts";

/** The state of the connection, at the foot of the sidebar. */
export function ConnectionIndicator() {
  const t = useMessages();
  const status = useConnectionStatus();
  const now = useNow(status.state === "waiting");
  return (
    <p role="status" className="flex items-center gap-2 px-2.5 text-xs text-muted">
      <span aria-hidden="true" className={`size-1.5 shrink-0 rounded-full ${dots[status.state]}`} />
      {connectionLabel(status, now, t)}
    </p>
  );
}

const dots: Readonly<Record<ConnectionStatus["state"], string>> = {
  open: "bg-good",
  connecting: "breathe bg-warn",
  waiting: "bg-warn",
  closed: "bg-bad",
};

export function connectionLabel(status: ConnectionStatus, now: number, t: Messages): string {
  switch (status.state) {
    case "open":
      return t.app.connected;
    case "connecting":
      return t.app.connecting;
    case "waiting":
      return t.app.reconnecting(Math.max(0, Math.ceil((status.nextTryAt - now) / 1000)));
    case "closed":
      return status.why?.message ?? t.app.disconnected;
  }
}
