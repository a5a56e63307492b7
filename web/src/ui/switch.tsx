import type { ReactNode } from "react";
import { Switch as Base } from "@base-ui/react/switch";

interface SwitchProps {
  readonly label: ReactNode;
  readonly description?: ReactNode;
  readonly checked: boolean;
  readonly disabled?: boolean;
  readonly onChange: (checked: boolean) => void;
}

export function Switch({ label, description, checked, disabled = false, onChange }: SwitchProps) {
  return (
    <label className="flex items-start justify-between gap-4">
      <span className="min-w-0">
        <span className="block text-sm font-medium">{label}</span>
        {description !== undefined && <span className="block text-xs text-muted">{description}</span>}
      </span>
      <Base.Root
        checked={checked}
        disabled={disabled}
        onCheckedChange={(next) => onChange(next)}
        className="mt-0.5 flex h-4.5 w-8 shrink-0 rounded-full bg-strong p-0.5 transition-colors data-checked:bg-accent disabled:opacity-45"
      >
        <Base.Thumb className="size-3.5 rounded-full bg-white shadow-low transition-transform data-checked:translate-x-3.5" />
      </Base.Root>
    </label>
  );
}
