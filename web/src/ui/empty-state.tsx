import type { ReactNode } from "react";
import type { Icon } from "@primer/octicons-react";

interface EmptyStateProps {
  readonly icon?: Icon;
  readonly title: string;
  readonly children?: ReactNode;
  readonly actions?: ReactNode;
}

/** Shown in place of missing content: what will appear here, and how to get it. */
export function EmptyState({ icon: Mark, title, children, actions }: EmptyStateProps) {
  return (
    <div className="flex min-h-0 flex-1 flex-col items-center justify-center gap-1.5 px-8 py-12 text-center">
      {Mark !== undefined && (
        <span className="mb-2 text-strong">
          <Mark size={24} />
        </span>
      )}
      <p className="text-sm font-medium">{title}</p>
      {children !== undefined && <div className="max-w-sm text-sm text-balance text-muted">{children}</div>}
      {actions !== undefined && <div className="mt-3 flex gap-2">{actions}</div>}
    </div>
  );
}
