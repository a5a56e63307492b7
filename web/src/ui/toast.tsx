import type { ReactNode } from "react";
import { Toast as Base } from "@base-ui/react/toast";
import { XIcon } from "@primer/octicons-react";
import { useMessages } from "../i18n/i18n.ts";

const toasts = Base.createToastManager();

interface ToastOptions {
  readonly tone?: "plain" | "good" | "bad";
  readonly description?: string;
  readonly action?: { readonly label: string; readonly run: () => void };
}

/** A message that disappears after a few seconds; lasting information belongs on the page. */
export function toast(title: string, { tone = "plain", description, action }: ToastOptions = {}): void {
  toasts.add({
    title,
    type: tone,
    timeout: action === undefined && tone !== "bad" ? 4_000 : 9_000,
    priority: tone === "bad" ? "high" : "low",
    ...(description === undefined ? {} : { description }),
    ...(action === undefined ? {} : { actionProps: { children: action.label, onClick: action.run } }),
  });
}

/** Shows the error of a failed call: `call().catch(toastFailure)`. */
export function toastFailure(error: unknown): void {
  toast(error instanceof Error ? error.message : String(error), { tone: "bad" });
}

export function Toasts({ children }: { readonly children: ReactNode }) {
  return (
    <Base.Provider toastManager={toasts} limit={3}>
      {children}
      <Base.Portal>
        <Base.Viewport className="fixed right-4 bottom-4 z-50 flex w-80 max-w-[calc(100vw-2rem)] flex-col gap-2 max-md:bottom-18">
          <List />
        </Base.Viewport>
      </Base.Portal>
    </Base.Provider>
  );
}

const edges: Readonly<Record<string, string>> = { good: "border-l-good", bad: "border-l-bad" };

function List() {
  const { toasts: shown } = Base.useToastManager();
  const t = useMessages();
  return shown.map((each) => (
    <Base.Root
      key={each.id}
      toast={each}
      className={`fade rounded-lg border-l-3 bg-panel shadow-pop ${edges[each.type ?? ""] ?? "border-l-accent"}`}
    >
      <Base.Content className="flex items-start gap-2 px-3 py-2.5">
        <div className="min-w-0 flex-1">
          <Base.Title className="text-sm font-medium break-words" />
          <Base.Description className="text-xs break-words text-muted" />
          {each.actionProps !== undefined && (
            <Base.Action className="mt-1 text-xs font-medium text-accent hover:underline" />
          )}
        </div>
        <Base.Close aria-label={t.common.close} className="rounded-sm p-0.5 text-muted hover:bg-raised">
          <XIcon size={12} />
        </Base.Close>
      </Base.Content>
    </Base.Root>
  ));
}
