/** The position in the history, as `?at=123` in the URL; without it, the latest event. */
import { useCallback, useEffect, useRef, useState } from "react";
import { conversationUrl, currentRoute, navigate, type Route } from "../urls.ts";

type ConversationRoute = Extract<Route, { page: "conversation" }>;

interface Position {
  /** Follows the slider immediately. */
  readonly at: number | undefined;
  /** Follows it once it rests, for data that has to be fetched. */
  readonly settled: number | undefined;
  /** Undefined returns to the latest event. */
  readonly goTo: (at: number | undefined) => void;
}

/** Browsers limit URL changes to about twenty per second, and dragging a slider makes more. */
const settleMs = 150;

export function usePosition(route: ConversationRoute): Position {
  const settled = positionIn(route);
  const [moving, setMoving] = useState<number>();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const goTo = useCallback((at: number | undefined): void => {
    clearTimeout(timer.current);
    setMoving(at);
    const settle = (): void => {
      const current = currentRoute();
      if (current.page === "conversation") navigate(urlAt(current, at), { replace: positionIn(current) !== undefined });
      setMoving(undefined);
    };
    if (at === undefined) settle();
    else timer.current = setTimeout(settle, settleMs);
  }, []);
  useEffect(() => () => clearTimeout(timer.current), []);
  return { at: moving ?? settled, settled, goTo };
}

function positionIn(route: ConversationRoute): number | undefined {
  const at = route.query.get("at");
  return at !== null && /^\d{1,9}$/.test(at) ? Number(at) : undefined;
}

function urlAt(route: ConversationRoute, at: number | undefined): string {
  const { tab: _tab, at: _at, ...rest } = Object.fromEntries(route.query);
  const query = at === undefined ? rest : { ...rest, at: String(at) };
  return conversationUrl(route.id, { ...(route.tab === undefined ? {} : { tab: route.tab }), query });
}
