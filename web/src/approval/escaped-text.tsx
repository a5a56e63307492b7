import { escapeInvisible } from "@deckhand/protocol";

/**
 * Text of the agent for review by the user: invisible characters and those that change the text direction are shown,
 * highlighted, by their code point.
 */
export function EscapedText({ text }: { readonly text: string }) {
  const parts = escapeInvisible(text).split(/(⟨U\+[0-9A-F]{4,6}⟩)/);
  return (
    <bdi dir="ltr">
      {parts.map((part, at) =>
        at % 2 === 1 ? (
          // oxlint-disable-next-line react/no-array-index-key -- the parts keep their order
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
