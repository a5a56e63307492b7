import { useMessages } from "../i18n/i18n.ts";

/** A placeholder while content is loading. */
export function Skeleton({ lines = 3 }: { readonly lines?: number }) {
  const t = useMessages();
  return (
    <div role="status" aria-label={t.common.loading} className="flex flex-col gap-3 p-5">
      {Array.from({ length: lines }, (_, line) => (
        <span key={line} className={`breathe block h-3 rounded-full bg-raised ${line % 3 === 2 ? "w-2/5" : "w-4/5"}`} />
      ))}
    </div>
  );
}
