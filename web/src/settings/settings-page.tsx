import { PageFrame } from "../shell/page-frame.tsx";
import { useWords } from "../words/words.ts";
import { Appearance } from "./appearance.tsx";

/** `section` is what follows `/settings/` in the address. */
export function SettingsPage({ section }: { readonly section: string }) {
  const words = useWords();
  return (
    <PageFrame key={section} title={words.shell.settings}>
      <Appearance />
    </PageFrame>
  );
}
