/** The current route, and the URLs of everything that can be shown or downloaded. */
import { useSyncExternalStore } from "react";
import type { ExportFormat } from "@deckhand/client";
import { parseRoute, type Route } from "./route.ts";

export type { Route } from "./route.ts";

const base = import.meta.env.BASE_URL;

export interface ConversationUrlOptions {
  readonly tab?: string;
  readonly event?: number;
  readonly query?: Readonly<Record<string, string>>;
}

export function useRoute(): Route {
  return useSyncExternalStore(subscribe, currentRoute);
}

let cached: { readonly href: string; readonly route: Route } = { href: "", route: { page: "new-task" } };

/** Returns the same object until the URL changes. */
export function currentRoute(): Route {
  if (cached.href !== location.href) cached = { href: location.href, route: parseRoute(new URL(location.href), base) };
  return cached.route;
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

/** Downloads the conversation as a file. */
export function exportUrl(conversation: string, format: ExportFormat): string {
  return `${base}api/conversations/${encodeURIComponent(conversation)}/export?format=${format}`;
}

/** Text and images are shown by the browser, other files are downloaded. */
export function fileUrl(conversation: string, path: string): string {
  return `${base}api/conversations/${encodeURIComponent(conversation)}/file?path=${encodeURIComponent(path)}`;
}

/** A file as of an earlier event. */
export function historyFileUrl(conversation: string, at: number, path: string): string {
  return `${base}api/conversations/${encodeURIComponent(conversation)}/history/file?at=${at}&path=${encodeURIComponent(path)}`;
}

export function archiveUrl(conversation: string, path: string): string {
  return `${base}api/conversations/${encodeURIComponent(conversation)}/archive?path=${encodeURIComponent(path)}`;
}

/** `replace` replaces the current entry of the browser history. */
export function navigate(url: string, { replace = false }: { readonly replace?: boolean } = {}): void {
  if (replace) history.replaceState(null, "", url);
  else history.pushState(null, "", url);
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
