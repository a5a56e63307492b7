/** Which conversation the address names: `/` none, `/c/ID` one. */
import { useSyncExternalStore } from "react";
import type { ExportFormat } from "@deckhand/client";

const base = import.meta.env.BASE_URL;

export function useConversationInAddress(): string | undefined {
  return useSyncExternalStore(subscribe, () => conversationIn(location.pathname));
}

export function conversationIn(path: string): string | undefined {
  const rest = path.startsWith(base) ? path.slice(base.length) : "";
  const match = /^c\/([^/]+)\/?$/.exec(rest);
  if (match?.[1] === undefined) return undefined;
  try {
    return decodeURIComponent(match[1]);
  } catch {
    return undefined;
  }
}

export function addressOf(conversation: string | undefined): string {
  return conversation === undefined ? base : `${base}c/${encodeURIComponent(conversation)}`;
}

/** A file; it is downloaded, not shown. */
export function exportAddressOf(conversation: string, format: ExportFormat): string {
  return `${base}api/conversations/${encodeURIComponent(conversation)}/export?format=${format}`;
}

/** Shown where it is text or a picture, else downloaded. */
export function fileAddressOf(conversation: string, path: string): string {
  return `${base}api/conversations/${encodeURIComponent(conversation)}/file?path=${encodeURIComponent(path)}`;
}

export function archiveAddressOf(conversation: string, path: string): string {
  return `${base}api/conversations/${encodeURIComponent(conversation)}/archive?path=${encodeURIComponent(path)}`;
}

export function go(conversation: string | undefined): void {
  history.pushState(null, "", addressOf(conversation));
  for (const listener of listeners) listener();
}

const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener("popstate", listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("popstate", listener);
  };
}
