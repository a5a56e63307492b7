import type { ReactNode } from "react";
import type { Icon } from "@primer/octicons-react";

export type Tone = "plain" | "accent" | "good" | "warn" | "bad" | "info";

const tones: Readonly<Record<Tone, string>> = {
  plain: "bg-raised text-soft",
  accent: "bg-accent-soft text-accent",
  good: "bg-good-soft text-good",
  warn: "bg-warn-soft text-warn",
  bad: "bg-bad-soft text-bad",
  info: "bg-info-soft text-info",
};

interface BadgeProps {
  readonly tone?: Tone;
  readonly icon?: Icon;
  readonly children: ReactNode;
}

export function Badge({ tone = "plain", icon: Mark, children }: BadgeProps) {
  return (
    <span
      className={`inline-flex h-4.5 shrink-0 items-center gap-1 rounded-full px-1.5 text-2xs font-medium whitespace-nowrap ${tones[tone]}`}
    >
      {Mark !== undefined && <Mark size={12} />}
      {children}
    </span>
  );
}
