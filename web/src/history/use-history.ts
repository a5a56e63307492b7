import { useMemo, useState } from "react";
import type { ViewState } from "@deckhand/client";
import type { Route } from "../urls.ts";
import { usePosition } from "./use-position.ts";
import { stateCache, viewAt } from "./view-at.ts";

export interface History {
  /** The event that is viewed; undefined for the latest. */
  readonly at: number | undefined;
  /** The same once the slider rests, for data that has to be fetched. */
  readonly settled: number | undefined;
  /** What was known at that event. */
  readonly shown: ViewState;
  readonly goTo: (at: number | undefined) => void;
}

export function useHistory(route: Extract<Route, { page: "conversation" }>, snapshot: ViewState): History {
  const { at: requested, settled, goTo } = usePosition(route);
  const [states] = useState(stateCache);
  const last = snapshot.events.length - 1;
  const at = requested === undefined || last < 0 ? undefined : Math.min(requested, last);
  // While an earlier event is viewed, new events only move the end of the slider.
  const events = at === undefined ? undefined : snapshot.events;
  const earlier = useMemo(
    () => (at === undefined || events === undefined ? undefined : viewAt(events, states, at)),
    [at, events, states],
  );
  return {
    at,
    settled: at === undefined || settled === undefined ? undefined : Math.min(settled, last),
    shown: earlier ?? snapshot,
    goTo,
  };
}
