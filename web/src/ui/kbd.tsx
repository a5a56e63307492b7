import { keyNames } from "../shell/keys.ts";

/** A keyboard shortcut with the key names of this system: `mod+k` is ⌘K on a Mac, Ctrl K elsewhere. */
export function Kbd({ keys }: { readonly keys: string }) {
  return (
    <kbd
      aria-hidden="true"
      className="ml-1 rounded-sm border border-line bg-raised px-1 font-sans text-2xs font-medium text-muted"
    >
      {keyNames(keys)}
    </kbd>
  );
}
