import type { ReactNode } from "react";
import { Tabs as Base } from "@base-ui/react/tabs";
import type { Icon } from "@primer/octicons-react";

export interface TabChoice {
  readonly id: string;
  readonly label: string;
  readonly icon?: Icon;
  /** A small number beside the label. */
  readonly count?: number | undefined;
}

interface TabsProps {
  readonly label: string;
  readonly value: string;
  readonly tabs: readonly TabChoice[];
  readonly onChange: (id: string) => void;
  /** To the right of the tabs. */
  readonly extra?: ReactNode;
  /** The content of the selected tab. */
  readonly children: ReactNode;
}

export function Tabs({ label, value, tabs, onChange, extra, children }: TabsProps) {
  return (
    <Base.Root value={value} onValueChange={(next) => onChange(String(next))} className="flex min-h-0 flex-1 flex-col">
      <div className="@container flex h-11 shrink-0 items-center gap-1 border-b border-line pr-2 pl-2">
        <Base.List
          aria-label={label}
          activateOnFocus
          className="relative flex h-full min-w-0 flex-1 items-center gap-0.5 overflow-x-auto [scrollbar-width:none]"
        >
          {tabs.map(({ id, label: name, icon: Mark, count }) => (
            <Base.Tab
              key={id}
              value={id}
              aria-label={count !== undefined && count > 0 ? `${name} ${count}` : name}
              title={name}
              className="group/tab inline-flex h-7.5 shrink-0 items-center gap-1.5 rounded-md px-2 text-sm font-medium text-muted select-none hover:text-ink data-active:bg-active data-active:text-ink"
            >
              {Mark !== undefined && <Mark size={14} />}
              {/* In narrow panels, tabs that are not selected show only their icon. */}
              <span className={Mark === undefined ? "" : "@max-2xl:hidden @max-2xl:group-data-active/tab:inline"}>
                {name}
              </span>
              {count !== undefined && count > 0 && <span className="text-2xs text-muted tabular-nums"> {count}</span>}
            </Base.Tab>
          ))}
        </Base.List>
        {extra}
      </div>
      <Base.Panel value={value} className="flex min-h-0 flex-1 flex-col outline-offset-[-2px]">
        {children}
      </Base.Panel>
    </Base.Root>
  );
}
