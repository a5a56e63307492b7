import type { AnchorHTMLAttributes, MouseEvent } from "react";
import { navigate } from "../urls.ts";
import { showPane } from "./panes.ts";

interface LinkProps extends AnchorHTMLAttributes<HTMLAnchorElement> {
  readonly href: string;
  readonly current?: boolean;
}

/** A real link, so that it can be opened in a new tab; a plain click navigates without loading the page. */
export function Link({ href, current = false, onClick, children, ...rest }: LinkProps) {
  const onLinkClick = (event: MouseEvent<HTMLAnchorElement>): void => {
    onClick?.(event);
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    navigate(href);
    showPane("main");
  };
  return (
    <a {...rest} href={href} aria-current={current ? "page" : undefined} onClick={onLinkClick}>
      {children}
    </a>
  );
}
