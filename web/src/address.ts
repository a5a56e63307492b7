/** What the address names, and the addresses of what there is. Everything that can be looked at has one. */
import { useSyncExternalStore } from "react";
import type { ExportFormat } from "@deckhand/client";
import { placeIn, type Place } from "./place.ts";

export type { Place } from "./place.ts";

const base = import.meta.env.BASE_URL;

export interface ConversationPlace {
  readonly tab?: string;
  readonly event?: number;
  readonly query?: Readonly<Record<string, string>>;
}

export function usePlace(): Place {
  return useSyncExternalStore(subscribe, place);
}

let placeOf = { href: "", place: { page: "welcome" } as Place };

/** The same object until the address changes. */
export function place(): Place {
  if (placeOf.href !== location.href) placeOf = { href: location.href, place: placeIn(new URL(location.href), base) };
  return placeOf.place;
}

export function homeAddress(): string {
  return base;
}

export function conversationAddress(id: string, { tab, event, query = {} }: ConversationPlace = {}): string {
  const search = new URLSearchParams({ ...(tab === undefined ? {} : { tab }), ...query }).toString();
  const hash = event === undefined ? "" : `#e${event}`;
  return `${base}c/${encodeURIComponent(id)}${search === "" ? "" : `?${search}`}${hash}`;
}

export function inboxAddress(): string {
  return `${base}inbox`;
}

export function boardAddress(): string {
  return `${base}board`;
}

export function settingsAddress(section = ""): string {
  return `${base}settings${section === "" ? "" : `/${encodeURIComponent(section)}`}`;
}

/** A file; it is downloaded, not shown. */
export function exportAddressOf(conversation: string, format: ExportFormat): string {
  return `${base}api/conversations/${encodeURIComponent(conversation)}/export?format=${format}`;
}

/** Shown where it is text or a picture, else downloaded. */
export function fileAddressOf(conversation: string, path: string): string {
  return `${base}api/conversations/${encodeURIComponent(conversation)}/file?path=${encodeURIComponent(path)}`;
}

/** As it was at an event. */
export function pastFileAddressOf(conversation: string, at: number, path: string): string {
  return `${base}api/conversations/${encodeURIComponent(conversation)}/history/file?at=${at}&path=${encodeURIComponent(path)}`;
}

export function archiveAddressOf(conversation: string, path: string): string {
  return `${base}api/conversations/${encodeURIComponent(conversation)}/archive?path=${encodeURIComponent(path)}`;
}

/** `replace`: Back does not lead to where one is now. */
export function go(address: string, { replace = false }: { readonly replace?: boolean } = {}): void {
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
