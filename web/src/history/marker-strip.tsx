import type { Marker, MarkerKind } from "./markers.ts";

const colours: Readonly<Record<MarkerKind, string>> = {
  user: "fill-accent",
  approval: "fill-warn",
  changed: "fill-info",
  failed: "fill-bad",
  ended: "fill-good",
};
/** Later kinds are drawn over earlier ones. */
const drawingOrder: readonly MarkerKind[] = ["changed", "failed", "approval", "user", "ended"];
/** More distinct positions would merge into one grey band. */
const columns = 400;

interface MarkerStripProps {
  readonly markers: readonly Marker[];
  readonly last: number;
}

/** Coloured marks above the slider. Decorative: the slider itself says the same in text. */
export function MarkerStrip({ markers, last }: MarkerStripProps) {
  const marks = new Map<number, MarkerKind>();
  for (const kind of drawingOrder) {
    for (const marker of markers) {
      if (marker.kind === kind) marks.set(last <= 0 ? 0 : Math.round((marker.id / last) * columns), kind);
    }
  }
  return (
    <svg viewBox={`-4 0 ${columns + 8} 10`} preserveAspectRatio="none" aria-hidden="true" className="h-2.5 w-full">
      {[...marks].map(([x, kind]) => (
        <rect
          key={x}
          x={x - 0.8}
          y={kind === "changed" ? 4 : 1}
          width={1.6}
          height={kind === "changed" ? 5 : 8}
          rx={0.8}
          className={colours[kind]}
        />
      ))}
    </svg>
  );
}
