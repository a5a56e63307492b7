import type { InputHTMLAttributes, ReactNode, Ref } from "react";
import { Field } from "@base-ui/react/field";

interface TextFieldProps extends Omit<InputHTMLAttributes<HTMLInputElement>, "onChange" | "size"> {
  readonly label: string;
  /** Whether the label is visible; it is the accessible name in any case. */
  readonly labelShown?: boolean;
  readonly description?: ReactNode;
  readonly failure?: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly icon?: ReactNode;
  readonly ref?: Ref<HTMLInputElement>;
}

export function TextField({
  label,
  labelShown = false,
  description,
  failure = "",
  onChange,
  icon,
  className = "",
  ...rest
}: TextFieldProps) {
  return (
    <Field.Root invalid={failure !== ""} className={`flex min-w-0 flex-col gap-1 ${className}`}>
      {labelShown && <Field.Label className="text-sm font-medium">{label}</Field.Label>}
      <span className="relative flex items-center">
        {icon !== undefined && <span className="pointer-events-none absolute left-2 text-muted">{icon}</span>}
        <Field.Control
          {...(labelShown ? {} : { "aria-label": label })}
          {...rest}
          onValueChange={(value) => onChange(value)}
          className={`h-8 w-full min-w-0 rounded-md border border-line bg-panel px-2.5 text-sm outline-none placeholder:text-muted focus:border-accent focus:ring-2 focus:ring-accent/20 data-invalid:border-bad ${
            icon === undefined ? "" : "pl-7"
          }`}
        />
      </span>
      {description !== undefined && <Field.Description className="text-xs text-muted">{description}</Field.Description>}
      {failure !== "" && (
        <p role="alert" className="text-xs text-bad">
          {failure}
        </p>
      )}
    </Field.Root>
  );
}
