/**
 * Keys by name: "mod+k" (⌘ on a Mac, Ctrl elsewhere), "shift+enter", "?", or two after each other: "g i". What a person
 * has a plain letter for works wherever nothing is being typed.
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

/** As they stand on a person's keyboard. */
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

/** What was pressed, by the same names; shift only where the character does not show it. */
export function strokeOf(event: KeyboardEvent): string {
  const key = event.key.toLowerCase();
  const mod = isMac ? event.metaKey : event.ctrlKey;
  const shift = event.shiftKey && (mod || event.altKey || key.length > 1);
  return [mod ? "mod" : "", event.altKey ? "alt" : "", shift ? "shift" : "", key]
    .filter((part) => part !== "")
    .join("+");
}

/** Letters are a person's own where they write, and where a list or a menu takes them. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false;
  // Within an editor that draws itself in a shadow root its host is what is seen from here.
  return (
    target.closest(
      "input, textarea, select, [contenteditable=true], [role=menu], [role=listbox], [role=textbox], [data-keys=own]",
    ) !== null
  );
}
