import { useEffect, useRef, useState } from "react";
import type { ConversationRow } from "@deckhand/client";
import { client } from "../server.ts";
import { isUnseen } from "./rows.ts";

/** Tells the server that a person looks at the conversation, once it rests and the page is in sight. */
export function useMarkSeen(row: ConversationRow | undefined): void {
  const isVisible = useDocumentVisible();
  const told = useRef("");
  const { id = "", head = -1 } = row ?? {};
  const isNew = row !== undefined && isUnseen(row);
  useEffect(() => {
    if (!isVisible || !isNew || told.current === `${id} ${head}`) return;
    told.current = `${id} ${head}`;
    client.change(id, { seen: head }).catch(() => {
      // It is looked at again.
      told.current = "";
    });
  }, [isVisible, isNew, id, head]);
}

function useDocumentVisible(): boolean {
  const [isVisible, setVisible] = useState(() => document.visibilityState === "visible");
  useEffect(() => {
    const look = (): void => setVisible(document.visibilityState === "visible");
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, []);
  return isVisible;
}
