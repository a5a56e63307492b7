import { useRef, type KeyboardEvent, type PointerEvent } from "react";

interface ResizeHandleProps {
  readonly label: string;
  /** The width in pixels of the pane to the right. */
  readonly width: number;
  readonly min: number;
  readonly max: number;
  /** Called continuously during a drag. */
  readonly onChange: (width: number) => void;
}

const step = 24;

/** The border between two panes, moved by dragging or with the arrow keys. */
export function ResizeHandle({ label, width, min, max, onChange }: ResizeHandleProps) {
  const start = useRef<{ readonly x: number; readonly width: number }>(undefined);
  const change = (next: number): void => onChange(Math.round(Math.min(max, Math.max(min, next))));
  const onPointerDown = (event: PointerEvent<HTMLDivElement>): void => {
    event.currentTarget.setPointerCapture(event.pointerId);
    start.current = { x: event.clientX, width };
  };
  const onPointerMove = (event: PointerEvent<HTMLDivElement>): void => {
    if (start.current !== undefined) change(start.current.width + start.current.x - event.clientX);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "ArrowLeft") change(width + step);
    else if (event.key === "ArrowRight") change(width - step);
    else return;
    event.preventDefault();
  };
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- a movable separator takes keys (ARIA window splitter)
    <div
      role="separator"
      tabIndex={0}
      aria-orientation="vertical"
      aria-label={label}
      aria-valuenow={width}
      aria-valuemin={min}
      aria-valuemax={max}
      className="group relative z-10 -mr-px w-px shrink-0 cursor-col-resize touch-none bg-line max-md:hidden"
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={() => (start.current = undefined)}
      onPointerCancel={() => (start.current = undefined)}
      onKeyDown={onKeyDown}
    >
      <span className="absolute inset-y-0 -left-1 w-2 transition-colors group-hover:bg-accent/25 group-active:bg-accent/40" />
    </div>
  );
}
