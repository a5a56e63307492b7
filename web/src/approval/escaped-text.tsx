import { escapeInvisible } from "@deckhand/protocol";

/**
 * Text of the agent as a person has to see it who is asked about it: what is hidden in it, or turns its direction, stands
 * there by its number, and stands out.
 */
export function EscapedText({ text }: { readonly text: string }) {
  const parts = escapeInvisible(text).split(/(⟨U\+[0-9A-F]{4,6}⟩)/);
  return (
    <bdi dir="ltr">
      {parts.map((part, at) =>
        at % 2 === 1 ? (
          // oxlint-disable-next-line react/no-array-index-key -- the parts of one text
          <mark key={at} className="rounded-sm bg-bad-soft px-0.5 font-semibold text-bad">
            {part}
          </mark>
        ) : (
          part
        ),
      )}
    </bdi>
  );
}
