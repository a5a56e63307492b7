import { useCallback, useEffect, useState, type RefObject } from "react";

interface Following {
  /** Whether new rows scroll into view automatically. */
  readonly following: boolean;
  readonly atEnd: boolean;
  readonly follow: () => void;
}

/** Positions within this many pixels of the end count as the end. */
export const endThreshold = 80;
const upKeys: ReadonlySet<string> = new Set(["ArrowUp", "PageUp", "Home"]);

/**
 * Follows the end of the timeline until the user scrolls away from it. Wheel, touch and key events announce that before
 * the scroll position changes; otherwise a row that arrives in between would pull the user back.
 */
export function useFollowing(scroller: RefObject<HTMLElement | null>): Following {
  const [following, setFollowing] = useState(true);
  const [atEnd, setAtEnd] = useState(true);
  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    let isLeaving = false;
    const leave = (): void => {
      if (element.scrollHeight <= element.clientHeight) return;
      isLeaving = true;
      setFollowing(false);
    };
    const onWheel = (event: WheelEvent): void => {
      if (event.deltaY < 0) leave();
      else isLeaving = false;
    };
    const onKeyDown = (event: KeyboardEvent): void => {
      if (upKeys.has(event.key) && event.target === element) leave();
    };
    const onScroll = (): void => {
      const distance = element.scrollHeight - element.scrollTop - element.clientHeight;
      setAtEnd(distance < endThreshold);
      // Reaching the very end resumes following.
      if (distance < (isLeaving ? 2 : endThreshold)) {
        isLeaving = false;
        setFollowing(true);
      }
    };
    element.addEventListener("wheel", onWheel, { passive: true });
    element.addEventListener("touchmove", leave, { passive: true });
    element.addEventListener("keydown", onKeyDown, { capture: true });
    element.addEventListener("scroll", onScroll, { passive: true });
    return () => {
      element.removeEventListener("wheel", onWheel);
      element.removeEventListener("touchmove", leave);
      element.removeEventListener("keydown", onKeyDown, { capture: true });
      element.removeEventListener("scroll", onScroll);
    };
  }, [scroller]);
  const follow = useCallback(() => setFollowing(true), []);
  return { following, atEnd, follow };
}
