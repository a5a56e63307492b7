import { useMemo, useState } from "react";
import type { ViewState } from "@deckhand/client";
import type { Place } from "../urls.ts";
import { usePosition } from "./use-position.ts";
import { stateCache, viewAt } from "./view-at.ts";

export interface History {
  /** The event at which one looks; undefined for now. */
  readonly at: number | undefined;
  /** The same once the slider rests: for what has to be asked for. */
  readonly settled: number | undefined;
  /** What was known then. */
  readonly shown: ViewState;
  readonly goTo: (at: number | undefined) => void;
}

export function useHistory(place: Extract<Place, { page: "conversation" }>, snapshot: ViewState): History {
  const { at: wanted, settled, goTo } = usePosition(place);
  const [states] = useState(stateCache);
  const last = snapshot.events.length - 1;
  const at = wanted === undefined || last < 0 ? undefined : Math.min(wanted, last);
  // In the past what happens now changes nothing but the slider's end.
  const events = at === undefined ? undefined : snapshot.events;
  const past = useMemo(
    () => (at === undefined || events === undefined ? undefined : viewAt(events, states, at)),
    [at, events, states],
  );
  return {
    at,
    settled: at === undefined || settled === undefined ? undefined : Math.min(settled, last),
    shown: past ?? snapshot,
    goTo,
  };
}
