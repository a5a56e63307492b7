/** Unsent text by the name of its composer, stored in this browser so that it survives a reload. */
import { useEffect, useRef, useState } from "react";

const prefix = "deckhand.draft.";
/** Longer drafts are not stored. */
const maxChars = 100_000;
const saveDelayMs = 250;

export function useDraft(name: string): readonly [text: string, write: (text: string) => void] {
  const [text, setText] = useState(() => read(name));
  const unsaved = useRef<string>(undefined);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    const flush = (): void => {
      clearTimeout(timer.current);
      if (unsaved.current !== undefined) save(name, unsaved.current);
      unsaved.current = undefined;
    };
    window.addEventListener("pagehide", flush);
    return () => {
      window.removeEventListener("pagehide", flush);
      flush();
    };
  }, [name]);
  const write = (next: string): void => {
    setText(next);
    unsaved.current = next;
    clearTimeout(timer.current);
    // Delayed, because localStorage writes block.
    timer.current = setTimeout(() => {
      unsaved.current = undefined;
      save(name, next);
    }, saveDelayMs);
  };
  return [text, write];
}

function read(name: string): string {
  try {
    return localStorage.getItem(prefix + name) ?? "";
  } catch {
    return "";
  }
}

function save(name: string, text: string): void {
  try {
    if (text === "" || text.length > maxChars) localStorage.removeItem(prefix + name);
    else localStorage.setItem(prefix + name, text);
  } catch {
    // Without storage there are no drafts.
  }
}
