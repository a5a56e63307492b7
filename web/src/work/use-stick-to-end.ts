import { useCallback, useEffect, useLayoutEffect, useRef, useState, type RefObject } from "react";

interface StickToEnd {
  readonly scroller: RefObject<HTMLDivElement | null>;
  readonly atEnd: boolean;
  readonly toEnd: () => void;
}

/** Positions within this many pixels of the end count as the end. */
const endThreshold = 60;

/** Keeps the end of a list visible while it grows, until the user scrolls away from it. */
export function useStickToEnd(): StickToEnd {
  const scroller = useRef<HTMLDivElement>(null);
  const [atEnd, setAtEnd] = useState(true);
  const stick = useRef(true);

  const toEnd = useCallback(() => {
    stick.current = true;
    setAtEnd(true);
    if (scroller.current !== null) scroller.current.scrollTop = scroller.current.scrollHeight;
  }, []);

  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const onScroll = (): void => {
      stick.current = element.scrollHeight - element.scrollTop - element.clientHeight < endThreshold;
      setAtEnd(stick.current);
    };
    element.addEventListener("scroll", onScroll, { passive: true });
    return () => element.removeEventListener("scroll", onScroll);
  }, []);

  // After every render, since any of them may have added something.
  useLayoutEffect(() => {
    const element = scroller.current;
    if (stick.current && element !== null) element.scrollTop = element.scrollHeight;
  });

  return { scroller, atEnd, toEnd };
}
