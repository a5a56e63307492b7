import { useEffect, useState } from "react";
import { client } from "../server.ts";
import { Button } from "../ui/button.tsx";
import { useMessages } from "../i18n/i18n.ts";

const pollMs = 5000;

/** The open ports of the sandbox, each with a button that opens it. Polled only while the page is visible. */
export function OpenPorts({ conversation }: { readonly conversation: string }) {
  const t = useMessages();
  const [ports, setPorts] = useState<readonly number[]>([]);
  const [failure, setFailure] = useState("");
  useEffect(() => {
    const controller = new AbortController();
    const poll = (): void => {
      if (document.hidden) return;
      client.ports(conversation, controller.signal).then(
        (found) => setPorts(found.map(({ port }) => port)),
        () => {
          // The connection indicator already shows the failure.
        },
      );
    };
    poll();
    const timer = setInterval(poll, pollMs);
    return () => {
      controller.abort();
      clearInterval(timer);
    };
  }, [conversation]);

  const open = async (port: number): Promise<void> => {
    // Open the tab while handling the click: browsers block pop-ups later.
    const tab = window.open("", "_blank");
    try {
      const { url, path } = await client.openPort(conversation, port);
      if (tab !== null) tab.location.href = url ?? new URL(path, location.href).href;
    } catch (error) {
      tab?.close();
      setFailure(error instanceof Error ? error.message : String(error));
    }
  };

  if (ports.length === 0) return null;
  return (
    <section aria-label={t.composer.openPorts} className="flex flex-wrap items-center gap-2 px-1 pb-1 text-sm">
      {ports.slice(0, 10).map((port) => (
        <Button key={port} size="small" onClick={() => void open(port)}>
          {t.composer.previewPort(port)}
        </Button>
      ))}
      {failure !== "" && (
        <span role="alert" className="text-bad">
          {failure}
        </span>
      )}
    </section>
  );
}
