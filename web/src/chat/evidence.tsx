import type { Action } from "@deckhand/protocol";
import { useWords } from "../words/words.ts";

/** What the agent says proves that it is done; a command that it ran, what came of it. */
interface Piece {
  readonly claim: string;
  readonly detail: string;
}

/** Empty where the log has none. */
export function evidenceOf(action: Action<"finish" | "reject">): readonly Piece[] {
  const { evidence } = action.args as { readonly evidence?: unknown };
  if (!Array.isArray(evidence)) return [];
  return evidence.map((piece: unknown) => {
    if (typeof piece !== "object" || piece === null) return { claim: String(piece), detail: "" };
    const [claim = "", ...details] = Object.values(piece).map((value) =>
      typeof value === "string" ? value : JSON.stringify(value),
    );
    return { claim, detail: details.join(" · ") };
  });
}

export function Evidence({ pieces }: { readonly pieces: readonly Piece[] }) {
  const { chat: words } = useWords();
  return (
    <div className="border-t border-line px-4 py-2.5">
      <p className="label-small mb-1">{words.evidence}</p>
      <ul className="flex flex-col gap-1 text-sm">
        {pieces.map(({ claim, detail }) => (
          <li key={`${claim}${detail}`} className="min-w-0">
            <span className="plain-text">{claim}</span>
            {detail !== "" && <span className="plain-text block text-xs text-muted">{detail}</span>}
          </li>
        ))}
      </ul>
    </div>
  );
}
