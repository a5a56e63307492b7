/**
 * Keys by name: "mod+k" (⌘ on a Mac, Ctrl elsewhere), "shift+enter", "?", or a sequence of two: "g i". Shortcuts without
 * a modifier work wherever no text is being typed.
 */
const isMac = /Mac|iPhone|iPad/.test(globalThis.navigator?.platform ?? "");

const macNames: Readonly<Record<string, string>> = { mod: "⌘", shift: "⇧", alt: "⌥", enter: "⏎", escape: "esc" };
const names: Readonly<Record<string, string>> = {
  mod: "Ctrl",
  shift: "Shift",
  alt: "Alt",
  enter: "Enter",
  escape: "Esc",
};

/** Key names as they appear on the user's keyboard. */
export function keyNames(keys: string): string {
  return keys
    .split(" ")
    .map((stroke) =>
      stroke
        .split("+")
        .map((key) => (isMac ? macNames : names)[key] ?? (key.length === 1 ? key.toUpperCase() : key))
        .join(isMac ? "" : " "),
    )
    .join(" ");
}

/** The pressed key by name; shift is included only if the character does not imply it. */
export function strokeOf(event: KeyboardEvent): string {
  const key = event.key.toLowerCase();
  const mod = isMac ? event.metaKey : event.ctrlKey;
  const shift = event.shiftKey && (mod || event.altKey || key.length > 1);
  return [mod ? "mod" : "", event.altKey ? "alt" : "", shift ? "shift" : "", key]
    .filter((part) => part !== "")
    .join("+");
}

/** Whether plain letters belong to the focused element: a text field, an editor, a list or a menu. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false;
  // For an editor in a shadow root, the target is its host.
  return (
    target.closest(
      "input, textarea, select, [contenteditable=true], [role=menu], [role=listbox], [role=textbox], [data-keys=own]",
    ) !== null
  );
}
