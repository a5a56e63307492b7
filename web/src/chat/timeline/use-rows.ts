import { useMemo, useState } from "react";
import type { ViewState } from "@deckhand/client";
import { ItemFold } from "../items/item-fold.ts";
import { rowsOf, type Row } from "../items/rows.ts";
import type { Unsent } from "../use-unsent.ts";

/** Only what is new in the log is looked at, however long it is. */
export function useRows(snapshot: ViewState, unsent: readonly Unsent[]): readonly Row[] {
  const [fold] = useState(() => new ItemFold());
  // Reading the same events twice changes nothing: it may be done while drawing.
  const items = fold.read(snapshot.events);
  const { steps } = fold;
  const { streaming, state, caughtUp } = snapshot;
  return useMemo(
    () => rowsOf(items, steps, { streaming, state, caughtUp }, unsent),
    [items, steps, streaming, state, caughtUp, unsent],
  );
}
