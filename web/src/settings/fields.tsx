import { useId, useState, type ReactNode, type SubmitEvent } from "react";
import { LockIcon } from "@primer/octicons-react";
import type { SettingsReport } from "@deckhand/protocol";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { TextField } from "../ui/text-field.tsx";
import { useMessages } from "../i18n/i18n.ts";

interface SectionProps {
  readonly title: string;
  readonly description?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** A titled section of a settings page. */
export function Section({ title, description, actions, children }: SectionProps) {
  const id = useId();
  return (
    <section aria-labelledby={id} className="mb-9">
      <div className="mb-3 flex flex-wrap items-end justify-between gap-2">
        <div className="min-w-0">
          <h2 id={id} className="text-base font-semibold">
            {title}
          </h2>
          {description !== undefined && <p className="mt-0.5 max-w-prose text-sm text-muted">{description}</p>}
        </div>
        {actions}
      </div>
      {children}
    </section>
  );
}

export function Rows({ children }: { readonly children: ReactNode }) {
  return <div className="flex flex-col divide-y divide-line rounded-lg border border-line bg-panel">{children}</div>;
}

interface RowProps {
  readonly label: ReactNode;
  readonly description?: ReactNode;
  readonly children?: ReactNode;
}

export function Row({ label, description, children }: RowProps) {
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 px-4 py-3">
      <div className="min-w-40 flex-1">
        <div className="flex flex-wrap items-center gap-2 text-sm font-medium">{label}</div>
        {description !== undefined && <div className="mt-0.5 text-xs text-muted">{description}</div>}
      </div>
      {children}
    </div>
  );
}

/** Marks a setting that an environment variable sets, which cannot be changed here. */
export function EnvironmentBadge({ report, path }: { readonly report: SettingsReport; readonly path: string }) {
  const t = useMessages();
  const variable = report.environment[path];
  if (variable === undefined) return null;
  return (
    <Badge tone="info" icon={LockIcon}>
      {t.settings.fromEnvironment(variable)}
    </Badge>
  );
}

interface SavedTextFieldProps {
  readonly label: string;
  readonly value: string;
  readonly placeholder?: string;
  readonly disabled?: boolean;
  readonly type?: "text" | "number" | "url" | "password";
  readonly suggestions?: readonly string[];
  /** Rejects with the reason why the value is not accepted. */
  readonly onSave: (value: string) => Promise<unknown>;
}

/** A text field with a Save button, which shows why a value is not accepted. */
export function SavedTextField({
  label,
  value,
  placeholder,
  disabled = false,
  type = "text",
  suggestions,
  onSave,
}: SavedTextFieldProps) {
  const t = useMessages();
  const list = useId();
  const [typed, setTyped] = useState<string>();
  const [failure, setFailure] = useState("");
  const [saving, setSaving] = useState(false);
  const save = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (typed === undefined) return;
    setSaving(true);
    setFailure("");
    try {
      await onSave(typed.trim());
      setTyped(undefined);
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
    } finally {
      setSaving(false);
    }
  };
  return (
    <form onSubmit={(event) => void save(event)} className="flex min-w-56 items-start gap-2 max-sm:w-full">
      <TextField
        className="flex-1"
        label={label}
        type={type}
        spellCheck={false}
        disabled={disabled}
        value={typed ?? value}
        failure={failure}
        {...(placeholder === undefined ? {} : { placeholder })}
        {...(suggestions === undefined ? {} : { list })}
        {...(type === "number" ? { step: "any", min: 0 } : {})}
        onChange={setTyped}
      />
      {suggestions !== undefined && (
        <datalist id={list}>
          {suggestions.map((each) => (
            <option key={each} value={each} />
          ))}
        </datalist>
      )}
      {typed !== undefined && typed !== value && (
        <Button type="submit" tone="primary" className="mt-px" disabled={saving}>
          {t.common.save}
        </Button>
      )}
    </form>
  );
}
