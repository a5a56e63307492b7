import type { ButtonHTMLAttributes, ReactNode, Ref } from "react";
import type { Icon } from "@primer/octicons-react";
import { Kbd } from "./kbd.tsx";
import { Tooltip } from "./tooltip.tsx";

export type ButtonTone = "plain" | "primary" | "quiet" | "danger" | "good";
export type ButtonSize = "small" | "medium" | "large";

const tones: Readonly<Record<ButtonTone, string>> = {
  plain: "border border-line bg-panel text-ink shadow-low hover:bg-raised aria-pressed:bg-active",
  primary: "bg-accent text-on-accent shadow-low hover:brightness-110 dark:hover:brightness-110",
  quiet: "text-soft hover:bg-raised hover:text-ink aria-pressed:bg-active aria-pressed:text-ink",
  danger: "border border-line bg-panel text-bad shadow-low hover:bg-bad-soft",
  good: "border border-line bg-panel text-good shadow-low hover:bg-good-soft",
};
const sizes: Readonly<Record<ButtonSize, string>> = {
  small: "h-6.5 gap-1.5 px-2 text-xs",
  medium: "h-7.5 gap-1.5 px-2.5 text-sm",
  large: "h-9 gap-2 px-4 text-base",
};
const shape =
  "inline-flex shrink-0 items-center justify-center rounded-md font-medium whitespace-nowrap select-none " +
  "transition-[background-color,color,filter,opacity] duration-100 disabled:pointer-events-none disabled:opacity-45";

/** The classes of a button, for links that look like one. */
export function buttonClass(tone: ButtonTone = "plain", size: ButtonSize = "medium"): string {
  return `${shape} ${tones[tone]} ${sizes[size]}`;
}

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly tone?: ButtonTone;
  readonly size?: ButtonSize;
  readonly icon?: Icon;
  /** Displayed only; commands bind the shortcuts. */
  readonly keys?: string;
  readonly ref?: Ref<HTMLButtonElement>;
}

export function Button({
  tone = "plain",
  size = "medium",
  icon: Mark,
  keys,
  className = "",
  children,
  ...rest
}: ButtonProps) {
  return (
    <button type="button" {...rest} className={`${buttonClass(tone, size)} ${className}`}>
      {Mark !== undefined && <Mark size={size === "large" ? 16 : 14} />}
      {children}
      {keys !== undefined && <Kbd keys={keys} />}
    </button>
  );
}

const squares: Readonly<Record<ButtonSize, string>> = { small: "size-6.5", medium: "size-7.5", large: "size-9" };

export interface IconButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, "children"> {
  readonly icon: Icon;
  /** The accessible name and the tooltip. */
  readonly label: string;
  readonly keys?: string;
  readonly tone?: ButtonTone;
  readonly size?: ButtonSize;
  readonly badge?: ReactNode;
  readonly ref?: Ref<HTMLButtonElement>;
}

export function IconButton({
  icon: Mark,
  label,
  keys,
  tone = "quiet",
  size = "medium",
  badge,
  className = "",
  ...rest
}: IconButtonProps) {
  return (
    <Tooltip text={label} keys={keys}>
      <button
        type="button"
        aria-label={label}
        {...rest}
        className={`${shape} ${tones[tone]} ${squares[size]} relative ${className}`}
      >
        <Mark size={size === "small" ? 14 : 16} />
        {badge}
      </button>
    </Tooltip>
  );
}
