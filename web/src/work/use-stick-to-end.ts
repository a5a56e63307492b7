import { useCallback, useEffect, useLayoutEffect, useRef, useState, type RefObject } from "react";

interface StickToEnd {
  readonly scroller: RefObject<HTMLDivElement | null>;
  readonly atEnd: boolean;
  readonly toEnd: () => void;
}

/** Pixels from the end that still count as being there. */
const near = 60;

/** Keeps the end in sight while more is added, until the person scrolls away from it. */
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
    const look = (): void => {
      stick.current = element.scrollHeight - element.scrollTop - element.clientHeight < near;
      setAtEnd(stick.current);
    };
    element.addEventListener("scroll", look, { passive: true });
    return () => element.removeEventListener("scroll", look);
  }, []);

  // After every drawing: what is added may be anything.
  useLayoutEffect(() => {
    const element = scroller.current;
    if (stick.current && element !== null) element.scrollTop = element.scrollHeight;
  });

  return { scroller, atEnd, toEnd };
}
