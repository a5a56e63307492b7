import { useState, type SubmitEvent } from "react";
import { XIcon } from "@primer/octicons-react";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { TextField } from "../ui/text-field.tsx";
import { useMessages } from "../i18n/i18n.ts";

interface HostListProps {
  readonly hosts: readonly string[];
  /** The environment variable that sets the list, if any. */
  readonly fixed: string | undefined;
  /** Rejects with the reason. */
  readonly onSave: (hosts: readonly string[]) => Promise<unknown>;
}

export function HostList({ hosts, fixed, onSave }: HostListProps) {
  const t = useMessages();
  const [typed, setTyped] = useState("");
  const [failure, setFailure] = useState("");
  const save = (next: readonly string[]): Promise<void> =>
    onSave(next).then(
      () => {
        setTyped("");
        setFailure("");
      },
      (error: Error) => setFailure(error.message),
    );
  const add = (event: SubmitEvent): void => {
    event.preventDefault();
    const host = typed.trim();
    if (host !== "") void save([...hosts.filter((each) => each !== host), host]);
  };
  return (
    <div className="px-4 py-3">
      <div className="flex items-center gap-2 text-sm font-medium">
        {t.settings.sandbox.allowedHosts}
        {fixed !== undefined && <Badge tone="info">{t.settings.fromEnvironment(fixed)}</Badge>}
      </div>
      <p className="mt-0.5 text-xs text-muted">{t.settings.sandbox.allowedHostsDescription}</p>
      <ul className="mt-2 flex flex-wrap gap-1.5">
        {hosts.map((host) => (
          <li key={host} className="flex items-center gap-1 rounded-md bg-raised py-0.5 pr-1 pl-2 text-xs">
            <code>{host === "default" ? t.settings.sandbox.builtInHosts : host}</code>
            {fixed === undefined && (
              <button
                type="button"
                aria-label={t.settings.sandbox.removeHost(host)}
                className="rounded-sm p-0.5 text-muted hover:bg-active hover:text-ink"
                onClick={() => void save(hosts.filter((each) => each !== host))}
              >
                <XIcon size={12} />
              </button>
            )}
          </li>
        ))}
      </ul>
      {fixed === undefined && (
        <form onSubmit={add} className="mt-2 flex max-w-md items-start gap-2">
          <TextField
            className="flex-1"
            label={t.settings.sandbox.host}
            placeholder="*.example.org"
            spellCheck={false}
            value={typed}
            failure={failure}
            onChange={setTyped}
          />
          <Button type="submit" disabled={typed.trim() === ""}>
            {t.common.add}
          </Button>
        </form>
      )}
    </div>
  );
}
