/** What the address names, and the addresses of what there is. Everything that can be looked at has one. */
import { useSyncExternalStore } from "react";
import type { ExportFormat } from "@deckhand/client";
import { parseRoute, type Route } from "./route.ts";

export type { Route as Place } from "./route.ts";

const base = import.meta.env.BASE_URL;

export interface ConversationUrlOptions {
  readonly tab?: string;
  readonly event?: number;
  readonly query?: Readonly<Record<string, string>>;
}

export function useRoute(): Route {
  return useSyncExternalStore(subscribe, currentRoute);
}

let cached = { href: "", place: { page: "welcome" } as Route };

/** The same object until the address changes. */
export function currentRoute(): Route {
  if (cached.href !== location.href) cached = { href: location.href, place: parseRoute(new URL(location.href), base) };
  return cached.place;
}

export function homeUrl(): string {
  return base;
}

export function conversationUrl(id: string, { tab, event, query = {} }: ConversationUrlOptions = {}): string {
  const search = new URLSearchParams({ ...(tab === undefined ? {} : { tab }), ...query }).toString();
  const hash = event === undefined ? "" : `#e${event}`;
  return `${base}c/${encodeURIComponent(id)}${search === "" ? "" : `?${search}`}${hash}`;
}

export function inboxUrl(): string {
  return `${base}inbox`;
}

export function boardUrl(): string {
  return `${base}board`;
}

export function settingsUrl(section = ""): string {
  return `${base}settings${section === "" ? "" : `/${encodeURIComponent(section)}`}`;
}

/** A file; it is downloaded, not shown. */
export function exportUrl(conversation: string, format: ExportFormat): string {
  return `${base}api/conversations/${encodeURIComponent(conversation)}/export?format=${format}`;
}

/** Shown where it is text or a picture, else downloaded. */
export function fileUrl(conversation: string, path: string): string {
  return `${base}api/conversations/${encodeURIComponent(conversation)}/file?path=${encodeURIComponent(path)}`;
}

/** As it was at an event. */
export function historyFileUrl(conversation: string, at: number, path: string): string {
  return `${base}api/conversations/${encodeURIComponent(conversation)}/history/file?at=${at}&path=${encodeURIComponent(path)}`;
}

export function archiveUrl(conversation: string, path: string): string {
  return `${base}api/conversations/${encodeURIComponent(conversation)}/archive?path=${encodeURIComponent(path)}`;
}

/** `replace`: Back does not lead to where one is now. */
export function navigate(address: string, { replace = false }: { readonly replace?: boolean } = {}): void {
  if (replace) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
  for (const listener of listeners) listener();
}

const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener("popstate", listener);
  window.addEventListener("hashchange", listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("popstate", listener);
    window.removeEventListener("hashchange", listener);
  };
}
