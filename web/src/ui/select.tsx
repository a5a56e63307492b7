import { Select as Base } from "@base-ui/react/select";
import { CheckIcon, ChevronDownIcon } from "@primer/octicons-react";

export interface SelectChoice<T extends string> {
  readonly value: T;
  readonly label: string;
  readonly description?: string;
}

interface SelectProps<T extends string> {
  /** The accessible name; a visible label is up to the caller. */
  readonly label: string;
  readonly value: T;
  readonly choices: readonly SelectChoice<T>[];
  readonly onChange: (value: T) => void;
  readonly size?: "small" | "medium";
  readonly quiet?: boolean;
  readonly disabled?: boolean;
}

export function Select<T extends string>({
  label,
  value,
  choices,
  onChange,
  size = "medium",
  quiet = false,
  disabled = false,
}: SelectProps<T>) {
  const triggerClass = quiet
    ? "text-soft hover:bg-raised hover:text-ink"
    : "border border-line bg-panel shadow-low hover:bg-raised";
  return (
    <Base.Root
      items={choices.map((choice) => ({ value: choice.value, label: choice.label }))}
      value={value}
      disabled={disabled}
      onValueChange={(next) => next !== null && onChange(next)}
    >
      <Base.Trigger
        aria-label={label}
        className={`inline-flex max-w-full items-center gap-1.5 rounded-md font-medium select-none disabled:opacity-45 ${triggerClass} ${
          size === "small" ? "h-6.5 px-2 text-xs" : "h-7.5 px-2.5 text-sm"
        }`}
      >
        <span className="truncate">
          <Base.Value />
        </span>
        <Base.Icon className="text-muted">
          <ChevronDownIcon size={12} />
        </Base.Icon>
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner sideOffset={4} alignItemWithTrigger={false} align="start" className="z-50">
          <Base.Popup className="fade max-h-(--available-height) min-w-(--anchor-width) overflow-y-auto rounded-lg bg-panel p-1 text-sm shadow-pop outline-none">
            {choices.map((choice) => (
              <Base.Item
                key={choice.value}
                value={choice.value}
                className="flex items-start gap-2 rounded-md py-1.5 pr-3 pl-2 outline-none select-none data-highlighted:bg-raised"
              >
                <span className="mt-0.5 inline-flex w-3.5 shrink-0 text-accent">
                  <Base.ItemIndicator>
                    <CheckIcon size={14} />
                  </Base.ItemIndicator>
                </span>
                <span>
                  <Base.ItemText>{choice.label}</Base.ItemText>
                  {choice.description !== undefined && (
                    <span className="block max-w-72 text-xs text-muted">{choice.description}</span>
                  )}
                </span>
              </Base.Item>
            ))}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
