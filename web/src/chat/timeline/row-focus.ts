/** Keyboard navigation in the conversation. */
import type { KeyboardEvent } from "react";

/** Moves the focus between the rendered rows; scrolling renders the others. */
export function focusRow(by: 1 | -1): void {
  const all = [...document.querySelectorAll<HTMLElement>("[role=log] [data-row-focus]")].sort(
    (a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top,
  );
  const current = all.findIndex((element) => element === document.activeElement);
  const next = current === -1 ? all.findIndex((element) => element.getBoundingClientRect().top > 60) : current + by;
  const target = all[next];
  target?.focus({ preventScroll: true });
  target?.scrollIntoView({ block: "nearest" });
}

/**
 * Scrolls immediately on the usual keys. Browsers scroll in many small steps, and rows whose measured height differs
 * from the estimate would stop that halfway.
 */
export function scrollWithKeys(event: KeyboardEvent<HTMLElement>): void {
  const scroller = event.currentTarget;
  if (event.target !== scroller || event.ctrlKey || event.metaKey || event.altKey) return;
  const page = scroller.clientHeight * 0.9;
  const to: Readonly<Record<string, number>> = {
    Home: 0,
    End: scroller.scrollHeight,
    PageUp: scroller.scrollTop - page,
    PageDown: scroller.scrollTop + page,
  };
  const top = to[event.key === " " ? (event.shiftKey ? "PageUp" : "PageDown") : event.key];
  if (top === undefined) return;
  event.preventDefault();
  scroller.scrollTop = top;
}
