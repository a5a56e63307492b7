/** Durations, money, sizes and times as the chosen language writes them. Units are the international ones. */
import { currentLanguage } from "./i18n.ts";

export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 10) return `${formatNumber(seconds, 1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Small amounts with more digits: a step costs parts of a cent. */
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

/** 12,300 tokens as 12.3 k. */
export function formatCount(count: number): string {
  return new Intl.NumberFormat(currentLanguage(), { notation: "compact", maximumFractionDigits: 1 }).format(count);
}

export function formatTime(iso: string): string {
  return new Intl.DateTimeFormat(currentLanguage(), { hour: "2-digit", minute: "2-digit" }).format(new Date(iso));
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

function formatNumber(value: number, mostDigits: number, leastDigits = 0): string {
  return new Intl.NumberFormat(currentLanguage(), {
    maximumFractionDigits: mostDigits,
    minimumFractionDigits: leastDigits,
  }).format(value);
}
