import type { WorkspaceChoice } from "@deckhand/protocol";
import { client } from "../server.ts";
import { useWords, type Words } from "../words/words.ts";

type Kind = keyof Words["people"]["workspaces"];

export interface Chosen {
  readonly kind: Kind;
  readonly text: string;
  readonly files: readonly File[];
}

export const usual: Chosen = { kind: "default", text: "", files: [] };

/** Sends the files first, where there are some. Undefined for the server's default. */
export async function workspaceOf({ kind, text, files }: Chosen): Promise<WorkspaceChoice | undefined> {
  switch (kind) {
    case "default":
      return undefined;
    case "empty":
      return {};
    case "folder":
      return { folder: text.trim() };
    case "worktree":
      return { repository: text.trim(), as: "worktree" };
    case "git":
      return { git: text.trim() };
    case "upload": {
      const sent = files.map((file) => ({ path: file.webkitRelativePath || file.name, data: file }));
      return { upload: (await client.files.prepare(sent)).id };
    }
  }
}

interface WorkspaceChoiceProps {
  readonly chosen: Chosen;
  readonly onChange: (chosen: Chosen) => void;
}

/** Where the work is done. */
export function WorkspaceField({ chosen, onChange }: WorkspaceChoiceProps) {
  const { people: words } = useWords();
  const { name, hint } = words.workspaces[chosen.kind];
  return (
    <div className="mt-2 flex flex-wrap items-center gap-2 px-2 text-sm text-muted">
      <label className="flex items-center gap-1.5">
        {words.workIn}
        <select
          value={chosen.kind}
          className="rounded-lg border border-line bg-page px-1.5 py-1 text-ink"
          onChange={(event) => onChange({ ...usual, kind: event.target.value as Kind })}
        >
          {Object.entries(words.workspaces).map(([kind, each]) => (
            <option key={kind} value={kind}>
              {each.name}
            </option>
          ))}
        </select>
      </label>
      {hint !== "" && (
        <input
          aria-label={words.whereIs(name)}
          placeholder={hint}
          value={chosen.text}
          className="min-w-0 flex-1 rounded-lg border border-line bg-page px-2.5 py-1 text-ink"
          onChange={(event) => onChange({ ...chosen, text: event.target.value })}
        />
      )}
      {chosen.kind === "upload" && (
        <input
          type="file"
          multiple
          aria-label={words.filesToSend}
          onChange={(event) => onChange({ ...chosen, files: [...(event.target.files ?? [])] })}
        />
      )}
    </div>
  );
}
