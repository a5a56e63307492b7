import type { ReactElement, ReactNode } from "react";
import { Menu as Base } from "@base-ui/react/menu";
import type { Icon } from "@primer/octicons-react";
import { Kbd } from "./kbd.tsx";

interface MenuProps {
  /** The button that opens the menu. */
  readonly trigger: ReactElement;
  readonly children: ReactNode;
  readonly align?: "start" | "center" | "end";
  readonly side?: "top" | "bottom" | "left" | "right";
}

export function Menu({ trigger, children, align = "end", side = "bottom" }: MenuProps) {
  return (
    <Base.Root>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner align={align} side={side} sideOffset={4} className="z-50">
          <Base.Popup className="fade max-h-(--available-height) min-w-44 overflow-y-auto rounded-lg bg-panel p-1 text-sm shadow-pop outline-none">
            {children}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

const item =
  "flex w-full items-center gap-2 rounded-md px-2 py-1.5 outline-none select-none data-highlighted:bg-raised " +
  "data-disabled:pointer-events-none data-disabled:opacity-45";

interface MenuItemProps {
  readonly icon?: Icon;
  readonly keys?: string;
  readonly tone?: "plain" | "danger";
  readonly disabled?: boolean;
  readonly onChoose: () => void;
  readonly children: ReactNode;
}

export function MenuItem({ icon: Mark, keys, tone = "plain", disabled = false, onChoose, children }: MenuItemProps) {
  return (
    <Base.Item disabled={disabled} className={`${item} ${tone === "danger" ? "text-bad" : ""}`} onClick={onChoose}>
      {Mark !== undefined && (
        <span className={tone === "danger" ? "" : "text-muted"}>
          <Mark size={14} />
        </span>
      )}
      <span className="flex-1">{children}</span>
      {keys !== undefined && <Kbd keys={keys} />}
    </Base.Item>
  );
}

interface MenuLinkProps {
  readonly icon?: Icon;
  readonly href: string;
  readonly download?: boolean;
  readonly children: ReactNode;
}

/** A real link, for downloads and for pages in a new tab. */
export function MenuLink({ icon: Mark, href, download = false, children }: MenuLinkProps) {
  return (
    <Base.LinkItem href={href} download={download} closeOnClick className={item}>
      {Mark !== undefined && (
        <span className="text-muted">
          <Mark size={14} />
        </span>
      )}
      <span className="flex-1">{children}</span>
    </Base.LinkItem>
  );
}

export function MenuSeparator() {
  return <Base.Separator className="mx-1 my-1 h-px bg-line" />;
}
