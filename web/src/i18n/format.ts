/** Formats durations, amounts, sizes and times for the current language. Units are the international symbols. */
import { currentLanguage } from "./i18n.ts";

export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 10) return `${formatNumber(seconds, 1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return joinUnits(`${minutes} min`, Math.floor(seconds % 60), "s");
  return joinUnits(`${Math.floor(minutes / 60)} h`, minutes % 60, "min");
}

/** A smaller unit that is zero is left out: "59 min", "1 h 5 min". */
function joinUnits(first: string, rest: number, unit: string): string {
  return rest === 0 ? first : `${first} ${rest} ${unit}`;
}

/** Small amounts get four digits, because a single step costs fractions of a cent. */
export function formatCost(costUsd: number): string {
  const digits = costUsd > 0 && costUsd < 0.1 ? 4 : 2;
  return `$${formatNumber(costUsd, digits, digits)}`;
}

export function formatSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${formatNumber(bytes / 1000, 1)} kB`;
  return bytes < 1_000_000_000
    ? `${formatNumber(bytes / 1_000_000, 1)} MB`
    : `${formatNumber(bytes / 1_000_000_000, 1)} GB`;
}

/** 12,300 becomes "12.3K". */
export function formatCount(count: number): string {
  return new Intl.NumberFormat(currentLanguage(), { notation: "compact", maximumFractionDigits: 1 }).format(count);
}

export function formatTime(iso: string): string {
  return new Intl.DateTimeFormat(currentLanguage(), { hour: "2-digit", minute: "2-digit" }).format(new Date(iso));
}

/** With seconds, to tell apart events of the same minute. */
export function formatExactTime(iso: string): string {
  return new Intl.DateTimeFormat(currentLanguage(), { timeStyle: "medium" }).format(new Date(iso));
}

export function formatDateTime(iso: string): string {
  return new Intl.DateTimeFormat(currentLanguage(), { dateStyle: "medium", timeStyle: "medium" }).format(new Date(iso));
}

/** "3 minutes ago". */
export function formatRelativeTime(iso: string, now = Date.now()): string {
  const seconds = Math.min(0, Math.round((Date.parse(iso) - now) / 1000));
  const format = new Intl.RelativeTimeFormat(currentLanguage(), { numeric: "auto", style: "narrow" });
  if (seconds > -60) return format.format(0, "second");
  if (seconds > -3_600) return format.format(Math.ceil(seconds / 60), "minute");
  if (seconds > -86_400) return format.format(Math.ceil(seconds / 3_600), "hour");
  return format.format(Math.ceil(seconds / 86_400), "day");
}

function formatNumber(value: number, maxDigits: number, minDigits = 0): string {
  return new Intl.NumberFormat(currentLanguage(), {
    maximumFractionDigits: maxDigits,
    minimumFractionDigits: minDigits,
  }).format(value);
}
