/** Moving through the conversation with keys. */
import type { KeyboardEvent } from "react";

/** Moves the focus from row to row, of those that are drawn; scrolling draws the others. */
export function focusRow(by: 1 | -1): void {
  const all = [...document.querySelectorAll<HTMLElement>("[role=log] [data-row-focus]")].sort(
    (a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top,
  );
  const present = all.findIndex((element) => element === document.activeElement);
  const next = present === -1 ? all.findIndex((element) => element.getBoundingClientRect().top > 60) : present + by;
  const target = all[next];
  target?.focus({ preventScroll: true });
  target?.scrollIntoView({ block: "nearest" });
}

/**
 * The keys that scroll, at once. A browser scrolls them in many small steps, and rows that turn out to be of another height on
 * the way would end that before it arrives.
 */
export function scrollWithKeys(event: KeyboardEvent<HTMLElement>): void {
  const box = event.currentTarget;
  if (event.target !== box || event.ctrlKey || event.metaKey || event.altKey) return;
  const page = box.clientHeight * 0.9;
  const to: Readonly<Record<string, number>> = {
    Home: 0,
    End: box.scrollHeight,
    PageUp: box.scrollTop - page,
    PageDown: box.scrollTop + page,
  };
  const top = to[event.key === " " ? (event.shiftKey ? "PageUp" : "PageDown") : event.key];
  if (top === undefined) return;
  event.preventDefault();
  box.scrollTop = top;
}
