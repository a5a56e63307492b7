/** What a person has sent and the server has not stored yet: in sight at once, and until it is in the log. */
import { useCallback, useMemo, useState } from "react";
import type { Event } from "@deckhand/protocol";
import { client } from "../server.ts";

export interface Unsent {
  /** Its name on the wire, by which the event is known again. */
  readonly command: string;
  readonly text: string;
  readonly images: readonly string[];
}

interface UnsentMessages {
  readonly messages: readonly Unsent[];
  /** Fails when the server refuses it. */
  readonly send: (text: string, images: readonly string[]) => Promise<void>;
}

export function useUnsent(conversation: string, events: readonly Event[]): UnsentMessages {
  const [sent, setSent] = useState<readonly Unsent[]>([]);
  const send = useCallback(
    async (text: string, images: readonly string[]): Promise<void> => {
      const message: Unsent = { command: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`, text, images };
      setSent((present) => [...present, message]);
      const forget = (): void => setSent((present) => present.filter((each) => each !== message));
      try {
        const args = { content: text, image_urls: images.length === 0 ? null : [...images] };
        await client.send(conversation, "message", args, { command: message.command });
        // Its event is a moment behind the answer; then the log shows it.
        setTimeout(forget, 2_000);
      } catch (error) {
        forget();
        throw error;
      }
    },
    [conversation],
  );
  const messages = useMemo(() => {
    if (sent.length === 0) return sent;
    const stored = new Set(events.slice(-200).map((event) => event.command));
    return sent.filter(({ command }) => !stored.has(command));
  }, [sent, events]);
  return { messages, send };
}
