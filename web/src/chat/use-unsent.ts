/** Messages that were sent but are not in the log yet: shown at once, until their event arrives. */
import { useCallback, useMemo, useState } from "react";
import type { Event } from "@deckhand/protocol";
import { client } from "../server.ts";

export interface Unsent {
  /** The id of the command, which its event carries. */
  readonly command: string;
  readonly text: string;
  readonly images: readonly string[];
}

interface UnsentMessages {
  readonly messages: readonly Unsent[];
  /** Rejects if the server refuses the message. */
  readonly send: (text: string, images: readonly string[]) => Promise<void>;
}

export function useUnsent(conversation: string, events: readonly Event[]): UnsentMessages {
  const [sent, setSent] = useState<readonly Unsent[]>([]);
  const send = useCallback(
    async (text: string, images: readonly string[]): Promise<void> => {
      const message: Unsent = { command: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`, text, images };
      setSent((current) => [...current, message]);
      const remove = (): void => setSent((current) => current.filter((each) => each !== message));
      try {
        const args = { content: text, image_urls: images.length === 0 ? null : [...images] };
        await client.send(conversation, "message", args, { command: message.command });
        // The event arrives shortly after the acknowledgement and replaces the message.
        setTimeout(remove, 2_000);
      } catch (error) {
        remove();
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
