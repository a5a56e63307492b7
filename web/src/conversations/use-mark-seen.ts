import { useEffect, useRef, useState } from "react";
import type { ConversationRow } from "@deckhand/client";
import { client } from "../server.ts";
import { isUnseen } from "./rows.ts";

/** Marks the open conversation as seen once it is idle and the page is visible. */
export function useMarkSeen(row: ConversationRow | undefined): void {
  const isVisible = useDocumentVisible();
  const reported = useRef("");
  const { id = "", head = -1 } = row ?? {};
  const isNew = row !== undefined && isUnseen(row);
  useEffect(() => {
    if (!isVisible || !isNew || reported.current === `${id} ${head}`) return;
    reported.current = `${id} ${head}`;
    client.change(id, { seen: head }).catch(() => {
      // Retried at the next change.
      reported.current = "";
    });
  }, [isVisible, isNew, id, head]);
}

function useDocumentVisible(): boolean {
  const [isVisible, setVisible] = useState(() => document.visibilityState === "visible");
  useEffect(() => {
    const onChange = (): void => setVisible(document.visibilityState === "visible");
    document.addEventListener("visibilitychange", onChange);
    return () => document.removeEventListener("visibilitychange", onChange);
  }, []);
  return isVisible;
}
