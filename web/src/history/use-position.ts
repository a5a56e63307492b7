/** `?at=123`: the event at which one looks; without it, now. */
import { useCallback, useEffect, useRef, useState } from "react";
import { conversationUrl, navigate, currentRoute as placeNow, type Place } from "../urls.ts";

type ConversationPlace = Extract<Place, { page: "conversation" }>;

interface Position {
  /** Follows the hand. */
  readonly at: number | undefined;
  /** Follows it when it rests: for what has to be asked for. */
  readonly settled: number | undefined;
  /** Undefined leads back to now. */
  readonly goTo: (at: number | undefined) => void;
}

/** Browsers bear some twenty changes of the address in a second, and a slider that is dragged makes more. */
const settleMs = 150;

export function usePosition(place: ConversationPlace): Position {
  const settled = positionIn(place);
  const [moving, setMoving] = useState<number>();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const goTo = useCallback((at: number | undefined): void => {
    clearTimeout(timer.current);
    setMoving(at);
    const settle = (): void => {
      const now = placeNow();
      if (now.page === "conversation") navigate(urlAt(now, at), { replace: positionIn(now) !== undefined });
      setMoving(undefined);
    };
    if (at === undefined) settle();
    else timer.current = setTimeout(settle, settleMs);
  }, []);
  useEffect(() => () => clearTimeout(timer.current), []);
  return { at: moving ?? settled, settled, goTo };
}

export function positionIn(place: ConversationPlace): number | undefined {
  const at = place.query.get("at");
  return at !== null && /^\d{1,9}$/.test(at) ? Number(at) : undefined;
}

function urlAt(place: ConversationPlace, at: number | undefined): string {
  const { tab: _tab, at: _at, ...rest } = Object.fromEntries(place.query);
  const query = at === undefined ? rest : { ...rest, at: String(at) };
  return conversationUrl(place.id, { ...(place.tab === undefined ? {} : { tab: place.tab }), query });
}
