import { useState, type KeyboardEvent, type PointerEvent } from "react";
import { heightOf, niceCeiling, type Column } from "./steps.ts";

interface ChartProps {
  /** Describes the chart for screen readers. */
  readonly label: string;
  readonly columns: readonly Column[];
  /** Formats a value of the axis. */
  readonly amountText: (amount: number) => string;
  /** A horizontal line, for example the context window. */
  readonly limit?: number | undefined;
  readonly limitLabel?: string;
  /** Describes the column under the pointer or selected by the arrow keys. */
  readonly describe: (column: Column) => string;
}

/** Fill classes by kind of part. */
export const fills: Readonly<Record<string, string>> = {
  cost: "fill-accent",
  cached: "fill-good",
  input: "fill-info",
  output: "fill-warn",
  system: "fill-strong",
  tools: "fill-muted",
  instructions: "fill-soft",
  user: "fill-accent",
  replies: "fill-warn",
  outputs: "fill-info",
  summary: "fill-good",
  notes: "fill-bad",
};

const width = 600;
const height = 150;

/** A column chart over the steps of a conversation, as plain SVG. */
export function Chart({ label, columns, amountText, limit, limitLabel, describe: tell }: ChartProps) {
  const [at, setAt] = useState<number>();
  const ceiling = niceCeiling(Math.max(limit ?? 0, ...columns.map(heightOf)));
  const step = width / Math.max(columns.length, 12);
  const y = (amount: number): number => height - (amount / ceiling) * height;
  const chosen = at === undefined ? undefined : columns[at];

  const onPointerMove = (event: PointerEvent<SVGSVGElement>): void => {
    const bounds = event.currentTarget.getBoundingClientRect();
    const next = Math.floor(((event.clientX - bounds.left) / bounds.width) * (width / step));
    setAt(next < columns.length ? next : undefined);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const now = at ?? columns.length;
    if (event.key === "ArrowLeft") setAt(Math.max(0, now - 1));
    else if (event.key === "ArrowRight") setAt(Math.min(columns.length - 1, now + 1));
    else if (event.key === "Escape") setAt(undefined);
    else return;
    event.preventDefault();
  };
  return (
    <figure>
      <div className="flex gap-2">
        <div className="flex w-12 shrink-0 flex-col justify-between text-right text-2xs text-muted tabular-nums">
          <span>{amountText(ceiling)}</span>
          <span>{amountText(ceiling / 2)}</span>
          <span>{amountText(0)}</span>
        </div>
        {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- a chart that is read column by column */}
        <svg
          viewBox={`0 0 ${width} ${height}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={label}
          // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- the arrow keys move between columns
          tabIndex={0}
          className="h-40 min-w-0 flex-1 rounded-sm"
          onPointerMove={onPointerMove}
          onPointerLeave={() => setAt(undefined)}
          onKeyDown={onKeyDown}
        >
          {[0, 0.5, 1].map((share) => (
            <line
              key={share}
              x1={0}
              x2={width}
              y1={height * share}
              y2={height * share}
              vectorEffect="non-scaling-stroke"
              className="stroke-line"
            />
          ))}
          {columns.map((column, index) => {
            let below = 0;
            return (
              <g key={index} className={at === undefined || at === index ? "" : "opacity-45"}>
                {column.parts.map(({ kind, amount }) => {
                  const bottom = y(below);
                  below += amount;
                  const top = y(below);
                  return (
                    <rect
                      key={kind}
                      x={index * step + step * 0.12}
                      width={step * 0.76}
                      y={top}
                      height={Math.max(0, bottom - top)}
                      className={fills[kind] ?? "fill-muted"}
                    />
                  );
                })}
              </g>
            );
          })}
          {limit !== undefined && (
            <line
              x1={0}
              x2={width}
              y1={y(limit)}
              y2={y(limit)}
              strokeDasharray="4 3"
              vectorEffect="non-scaling-stroke"
              className="stroke-bad"
            />
          )}
        </svg>
      </div>
      <figcaption role="status" className="flex h-6 items-center pl-14 text-2xs text-muted tabular-nums">
        {chosen === undefined ? (limit === undefined ? "" : limitLabel) : tell(chosen)}
      </figcaption>
    </figure>
  );
}
