import { Tooltip } from "./tooltip.tsx";

/** Indeterminate progress. Screen readers announce the label; without one it is decorative. */
export function Spinner({ label, size = 14 }: { readonly label?: string; readonly size?: 12 | 14 | 16 | 20 }) {
  return (
    <svg
      viewBox="0 0 16 16"
      width={size}
      height={size}
      role={label === undefined ? undefined : "img"}
      aria-label={label}
      aria-hidden={label === undefined ? true : undefined}
      className="shrink-0 animate-spin text-accent"
    >
      <circle cx="8" cy="8" r="6.25" fill="none" stroke="currentColor" strokeOpacity="0.22" strokeWidth="1.75" />
      <path
        d="M8 1.75A6.25 6.25 0 0 1 14.25 8"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.75"
        strokeLinecap="round"
      />
    </svg>
  );
}

interface ProgressProps {
  readonly label: string;
  /** 0 to 1. */
  readonly value: number;
  readonly tone?: "accent" | "warn" | "bad";
}

/** A progress bar. It is an SVG because the content security policy forbids style attributes. */
export function Progress({ label, value, tone = "accent" }: ProgressProps) {
  const bounded = Math.min(1, Math.max(0, value));
  const colour = { accent: "text-accent", warn: "text-warn", bad: "text-bad" }[tone];
  return (
    <Tooltip text={label}>
      <svg
        role="progressbar"
        aria-label={label}
        aria-valuenow={Math.round(bounded * 100)}
        aria-valuemin={0}
        aria-valuemax={100}
        viewBox="0 0 100 4"
        preserveAspectRatio="none"
        className={`h-1 w-full overflow-hidden rounded-full bg-active ${colour}`}
      >
        <rect width={bounded * 100} height="4" fill="currentColor" />
      </svg>
    </Tooltip>
  );
}
