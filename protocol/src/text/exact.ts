/** An action as it must be shown to the person who approves it: complete, with nothing hidden. */
import type { Action } from "../wire/event.ts";

// Control characters, characters that are not drawn or that change the text direction, and unusual spaces.
const invisible = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/gu;

/** Makes invisible characters visible as `⟨U+200B⟩`; tabs and newlines stay. */
export function escapeInvisible(text: string): string {
  return text.replaceAll(invisible, (character) =>
    character === "\n" || character === "\t"
      ? character
      : `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟩`,
  );
}

/** The command, the URL, or the arguments as JSON. */
export function exactAction(action: Action): string {
  const { thought: _, confirmation_state: __, ...args } = action.args as Record<string, unknown>;
  if (action.action === "browse") return escapeInvisible(action.args.url);
  if (action.action !== "run") return escapeInvisible(JSON.stringify(args, null, 1));
  const { command, hidden: ___, background, ...rest } = args;
  const more = { ...rest, ...(background === true ? { background } : {}) };
  return escapeInvisible(
    Object.keys(more).length === 0 ? String(command) : `${String(command)}\n${JSON.stringify(more)}`,
  );
}
