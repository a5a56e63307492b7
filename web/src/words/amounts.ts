/** Durations, money, sizes and times as the chosen language writes them. Units are the international ones. */
import { languageNow } from "./words.ts";

export function durationText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 10) return `${numberText(seconds, 1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Small amounts with more digits: a step costs parts of a cent. */
export function costText(costUsd: number): string {
  const digits = costUsd > 0 && costUsd < 0.1 ? 4 : 2;
  return `$${numberText(costUsd, digits, digits)}`;
}

export function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${numberText(bytes / 1000, 1)} kB`;
  return bytes < 1_000_000_000
    ? `${numberText(bytes / 1_000_000, 1)} MB`
    : `${numberText(bytes / 1_000_000_000, 1)} GB`;
}

/** 12,300 tokens as 12.3 k. */
export function countText(count: number): string {
  return new Intl.NumberFormat(languageNow(), { notation: "compact", maximumFractionDigits: 1 }).format(count);
}

export function timeText(iso: string): string {
  return new Intl.DateTimeFormat(languageNow(), { hour: "2-digit", minute: "2-digit" }).format(new Date(iso));
}

export function dateTimeText(iso: string): string {
  return new Intl.DateTimeFormat(languageNow(), { dateStyle: "medium", timeStyle: "medium" }).format(new Date(iso));
}

/** "3 minutes ago". */
export function agoText(iso: string, now = Date.now()): string {
  const seconds = Math.min(0, Math.round((Date.parse(iso) - now) / 1000));
  const format = new Intl.RelativeTimeFormat(languageNow(), { numeric: "auto", style: "narrow" });
  if (seconds > -60) return format.format(0, "second");
  if (seconds > -3_600) return format.format(Math.ceil(seconds / 60), "minute");
  if (seconds > -86_400) return format.format(Math.ceil(seconds / 3_600), "hour");
  return format.format(Math.ceil(seconds / 86_400), "day");
}

function numberText(value: number, mostDigits: number, leastDigits = 0): string {
  return new Intl.NumberFormat(languageNow(), {
    maximumFractionDigits: mostDigits,
    minimumFractionDigits: leastDigits,
  }).format(value);
}
