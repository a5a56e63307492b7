import type { ReactNode, RefObject } from "react";
import { Dialog as Base } from "@base-ui/react/dialog";
import { XIcon } from "@primer/octicons-react";
import { useMessages } from "../i18n/i18n.ts";

interface DialogProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly title: string;
  readonly description?: ReactNode;
  readonly children: ReactNode;
  /** Buttons at the bottom right. */
  readonly actions?: ReactNode;
  readonly size?: "small" | "medium" | "large" | "huge";
  readonly initialFocus?: RefObject<HTMLElement | null>;
}

const widths = { small: "max-w-sm", medium: "max-w-lg", large: "max-w-3xl", huge: "h-[85dvh] max-w-6xl" } as const;

/** Traps the focus and restores it; Escape or a click outside closes the dialog. */
export function Dialog({
  open,
  onClose,
  title,
  description,
  children,
  actions,
  size = "medium",
  initialFocus,
}: DialogProps) {
  const t = useMessages();
  return (
    <Base.Root open={open} onOpenChange={(next) => next || onClose()}>
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 z-40 bg-black/35 transition-opacity duration-150 data-ending-style:opacity-0 data-starting-style:opacity-0" />
        <Base.Viewport className="fixed inset-0 z-40 flex items-start justify-center p-4 pt-[10dvh] max-md:items-end max-md:p-0">
          <Base.Popup
            {...(initialFocus === undefined ? {} : { initialFocus })}
            className={`fade flex max-h-[80dvh] w-full flex-col rounded-xl bg-panel shadow-pop max-md:max-h-[92dvh] max-md:rounded-b-none ${widths[size]}`}
          >
            <header className="flex items-start gap-3 px-5 pt-4 pb-2">
              <div className="min-w-0 flex-1">
                <Base.Title className="truncate text-base font-semibold">{title}</Base.Title>
                {description !== undefined && (
                  <Base.Description className="mt-0.5 text-sm text-muted">{description}</Base.Description>
                )}
              </div>
              <Base.Close
                aria-label={t.common.close}
                className="-mt-0.5 -mr-1.5 inline-flex size-7 items-center justify-center rounded-md text-muted hover:bg-raised hover:text-ink"
              >
                <XIcon size={16} />
              </Base.Close>
            </header>
            <div className="min-h-0 flex-1 overflow-y-auto px-5 pb-5">{children}</div>
            {actions !== undefined && (
              <footer className="flex flex-wrap items-center justify-end gap-2 border-t border-line px-5 py-3">
                {actions}
              </footer>
            )}
          </Base.Popup>
        </Base.Viewport>
      </Base.Portal>
    </Base.Root>
  );
}
