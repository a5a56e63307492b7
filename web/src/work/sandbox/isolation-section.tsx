import { useMemo } from "react";
import { CheckCircleFillIcon, ShieldCheckIcon, ShieldXIcon, XCircleFillIcon } from "@primer/octicons-react";
import { useQuery } from "@tanstack/react-query";
import type { RuntimeCheck } from "@deckhand/client";
import { client } from "../../server.ts";
import { Skeleton } from "../../ui/skeleton.tsx";
import { formatDateTime } from "../../i18n/format.ts";
import { useMessages } from "../../i18n/i18n.ts";

/** The escape checks of this conversation's sandbox and their results. */
export function IsolationSection({ conversation }: { readonly conversation: string }) {
  const t = useMessages();
  const { data: isolation } = useQuery({
    queryKey: ["isolation", conversation],
    queryFn: ({ signal }) => client.isolation(conversation, signal),
    staleTime: 60_000,
    retry: false,
  });
  const { data: health } = useQuery({
    queryKey: ["health"],
    queryFn: ({ signal }) => client.health(signal),
    staleTime: 60_000,
    retry: false,
  });
  const groups = useMemo(() => grouped(health?.runtime.checks ?? []), [health]);
  if (isolation === undefined) return <Skeleton />;
  const Mark = isolation.proven ? ShieldCheckIcon : ShieldXIcon;
  return (
    <div className="flex flex-col gap-3">
      <p
        className={`flex items-start gap-2.5 rounded-lg px-3 py-2.5 text-sm ${isolation.proven ? "bg-good-soft" : "bg-warn-soft"}`}
      >
        <span className={`mt-0.5 ${isolation.proven ? "text-good" : "text-warn"}`}>
          <Mark size={16} />
        </span>
        <span className="min-w-0 flex-1">
          {isolation.sentence}
          <span className="block pt-0.5 text-xs text-muted">
            {isolation.kind} · {t.work.sandbox.testedAt(formatDateTime(isolation.tried_at))}
          </span>
        </span>
      </p>
      <div className="divide-y divide-line rounded-lg border border-line empty:hidden">
        {groups.map(([group, checks]) => (
          <details key={group}>
            <summary className="flex cursor-pointer items-center gap-2 px-3 py-1.5 text-sm marker:content-none">
              <CheckMark held={checks.every(({ held }) => held)} />
              <span className="flex-1 font-medium first-letter:uppercase">{group}</span>
              <span className="text-xs text-muted tabular-nums">
                {t.work.sandbox.blockedCount(checks.filter(({ held }) => held).length, checks.length)}
              </span>
            </summary>
            <ul className="border-t border-line px-3 py-1.5 text-xs">
              {checks.map(({ name, control, held }) => (
                <li key={name} className="flex items-start gap-2 py-0.5">
                  <span className="mt-px">
                    <CheckMark held={held} />
                  </span>
                  <span className="min-w-0 flex-1">
                    {name} <span className="text-muted">· {t.work.sandbox.control(control)}</span>
                  </span>
                </li>
              ))}
            </ul>
          </details>
        ))}
      </div>
    </div>
  );
}

function CheckMark({ held }: { readonly held: boolean }) {
  const t = useMessages();
  const Mark = held ? CheckCircleFillIcon : XCircleFillIcon;
  return (
    <span
      role="img"
      aria-label={held ? t.work.sandbox.blocked : t.work.sandbox.notBlocked}
      className={held ? "text-good" : "text-bad"}
    >
      <Mark size={12} />
    </span>
  );
}

function grouped(checks: readonly RuntimeCheck[]): readonly (readonly [string, readonly RuntimeCheck[]])[] {
  const groups = new Map<string, RuntimeCheck[]>();
  for (const check of checks) groups.set(check.group, [...(groups.get(check.group) ?? []), check]);
  return [...groups];
}
