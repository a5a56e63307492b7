import { Button } from "../ui/button.tsx";
import { useMessages } from "../i18n/i18n.ts";

interface ShowAllProps {
  readonly all: boolean;
  /** The number of all lines. */
  readonly lines: number;
  readonly onChange: (all: boolean) => void;
}

/** The button below a long text that expands and collapses it. */
export function ShowAll({ all, lines, onChange }: ShowAllProps) {
  const t = useMessages();
  return (
    <Button
      size="small"
      tone="quiet"
      aria-expanded={all}
      className="w-full rounded-none! border-t border-line text-muted"
      onClick={() => onChange(!all)}
    >
      {all ? t.common.showLess : t.common.showAllLines(lines)}
    </Button>
  );
}
