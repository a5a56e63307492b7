import type { Marker, MarkerKind } from "./view-at.ts";

const colours: Readonly<Record<MarkerKind, string>> = {
  user: "fill-accent",
  asked: "fill-warn",
  changed: "fill-info",
  failed: "fill-bad",
  ended: "fill-good",
};
/** Higher ones are drawn over the others. */
const order: readonly MarkerKind[] = ["changed", "failed", "asked", "user", "ended"];
/** Of the drawing's own width; more marks than this would be one grey band. */
const columns = 400;

interface MarkerStripProps {
  readonly markers: readonly Marker[];
  readonly last: number;
}

/** Marks over the slider, where something happened. A picture for the eye alone: the slider says the same in words. */
export function MarkerStrip({ markers: moments, last }: MarkerStripProps) {
  const drawn = new Map<string, { readonly x: number; readonly kind: MarkerKind }>();
  for (const kind of order) {
    for (const moment of moments) {
      if (moment.kind !== kind) continue;
      const x = last <= 0 ? 0 : Math.round((moment.id / last) * columns);
      drawn.set(`${x}`, { x, kind });
    }
  }
  return (
    <svg viewBox={`-4 0 ${columns + 8} 10`} preserveAspectRatio="none" aria-hidden="true" className="h-2.5 w-full">
      {[...drawn.values()].map(({ x, kind }) => (
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
