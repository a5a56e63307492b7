import { useCallback, useEffect, useState, type RefObject } from "react";

interface Following {
  /** The end is kept in sight. */
  readonly following: boolean;
  readonly atEnd: boolean;
  readonly follow: () => void;
}

/** Pixels from the end that still count as being there. */
export const near = 80;
const upKeys: ReadonlySet<string> = new Set(["ArrowUp", "PageUp", "Home"]);

/**
 * Whether the end is kept in sight: until a person moves away from it. A wheel, a finger or a key says so before the scroll has
 * happened: what comes in between would otherwise pull them back.
 */
export function useFollowing(scroller: RefObject<HTMLElement | null>): Following {
  const [following, setFollowing] = useState(true);
  const [atEnd, setAtEnd] = useState(true);
  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    let leaves = false;
    const leave = (): void => {
      if (element.scrollHeight <= element.clientHeight) return;
      leaves = true;
      setFollowing(false);
    };
    const onWheel = (event: WheelEvent): void => {
      if (event.deltaY < 0) leave();
      else leaves = false;
    };
    const onKeyDown = (event: KeyboardEvent): void => {
      if (upKeys.has(event.key) && event.target === element) leave();
    };
    const look = (): void => {
      const left = element.scrollHeight - element.scrollTop - element.clientHeight;
      setAtEnd(left < near);
      // At the very end one is back, however one came there.
      if (left < (leaves ? 2 : near)) {
        leaves = false;
        setFollowing(true);
      }
    };
    element.addEventListener("wheel", onWheel, { passive: true });
    element.addEventListener("touchmove", leave, { passive: true });
    element.addEventListener("keydown", onKeyDown, { capture: true });
    element.addEventListener("scroll", look, { passive: true });
    return () => {
      element.removeEventListener("wheel", onWheel);
      element.removeEventListener("touchmove", leave);
      element.removeEventListener("keydown", onKeyDown, { capture: true });
      element.removeEventListener("scroll", look);
    };
  }, [scroller]);
  const follow = useCallback(() => setFollowing(true), []);
  return { following, atEnd, follow };
}
