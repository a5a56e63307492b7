import { useEffect } from "react";
import type { InboxItem } from "@deckhand/client";
import { escapeInvisible } from "@deckhand/protocol";
import { conversationUrl, navigate, inboxUrl } from "../urls.ts";
import { inboxStore, useInbox } from "./inbox-store.ts";
import { preferences } from "../shell/preferences.ts";
import { currentMessages } from "../i18n/i18n.ts";

/** Shows the number of waiting items in the tab's title and icon, and sends desktop notifications if enabled. */
export function useNotifications(title: string): void {
  const { count } = useInbox();
  useEffect(() => {
    const named = title === "" ? "Deckhand" : `${title} · Deckhand`;
    document.title = count > 0 ? `(${count}) ${named}` : named;
  }, [title, count]);
  useEffect(() => {
    const link = document.querySelector<HTMLLinkElement>("link[rel=icon]");
    if (link !== null) link.href = `${import.meta.env.BASE_URL}${count > 0 ? "favicon-waiting" : "favicon"}.svg`;
  }, [count]);
  useEffect(() => inboxStore.onNew(notify), []);
}

/** Only while the page is hidden; otherwise the inbox count is enough. */
function notify(items: readonly InboxItem[]): void {
  if (!preferences().notifications || document.visibilityState === "visible") return;
  if (!("Notification" in globalThis) || Notification.permission !== "granted") return;
  const t = currentMessages();
  const [only] = items;
  if (only === undefined) return;
  const isOne = items.length === 1;
  const note = new Notification(isOne ? only.title || t.common.untitled : t.conversations.waitingCount(items.length), {
    body: isOne
      ? `${t.conversations.waitingStates[only.waiting.kind]}: ${escapeInvisible(only.waiting.text.slice(0, 140))}`
      : "",
    // One notification per conversation: a newer one replaces it.
    tag: isOne ? only.id : "inbox",
  });
  note.addEventListener("click", () => {
    window.focus();
    navigate(isOne && only.waiting.kind !== "approval" ? conversationUrl(only.id) : inboxUrl());
    note.close();
  });
}
