import { useState } from "react";
import { BroadcastIcon, LinkExternalIcon, SyncIcon } from "@primer/octicons-react";
import { useQuery } from "@tanstack/react-query";
import { conversationUrl, navigate, useRoute } from "../../urls.ts";
import { client } from "../../server.ts";
import { IconButton } from "../../ui/button.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { Select } from "../../ui/select.tsx";
import { Skeleton } from "../../ui/skeleton.tsx";
import { toastFailure } from "../../ui/toast.tsx";
import { useMessages } from "../../i18n/i18n.ts";
import type { WorkTabProps } from "../tab-props.ts";
import { frameWidth, urlWithPath, type Device } from "./devices.ts";

const everyMs = 3000;

/** Previews apps that listen in the sandbox, in a frame with a separate origin. */
export function PortsTab({ conversation }: WorkTabProps) {
  const t = useMessages();
  const route = useRoute();
  const wanted = route.page === "conversation" ? Number(route.query.get("port")) : 0;
  const { data: ports } = useQuery({
    queryKey: ["ports", conversation],
    queryFn: ({ signal }) => client.ports(conversation, signal),
    refetchInterval: everyMs,
    retry: false,
  });
  const open = ports?.find(({ port }) => port === wanted) ?? ports?.[0];
  if (ports === undefined) return <Skeleton />;
  if (open === undefined) {
    return (
      <EmptyState icon={BroadcastIcon} title={t.work.ports.empty}>
        {t.work.ports.emptyDescription}
      </EmptyState>
    );
  }
  return (
    <PortFrame
      key={open.port}
      conversation={conversation}
      port={open.port}
      ports={ports.map(({ port }) => port)}
      onChoose={(port) =>
        navigate(conversationUrl(conversation, { tab: "ports", query: { port: String(port) } }), { replace: true })
      }
    />
  );
}

interface PortFrameProps {
  readonly conversation: string;
  readonly port: number;
  readonly ports: readonly number[];
  readonly onChoose: (port: number) => void;
}

function PortFrame({ conversation, port, ports, onChoose }: PortFrameProps) {
  const t = useMessages();
  const [device, setDevice] = useState<Device>("full");
  const [path, setPath] = useState("/");
  const [typed, setTyped] = useState("/");
  const [loads, setLoads] = useState(0);
  // A link is valid once, so a reload requests a new one.
  const { data: address } = useQuery({
    queryKey: ["port-link", conversation, port, path, loads],
    queryFn: async ({ signal }) => {
      const { url } = await client.openPort(conversation, port, signal);
      return url === null ? null : urlWithPath(url, path, location.protocol);
    },
    staleTime: Infinity,
    gcTime: 0,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });

  const openTab = async (): Promise<void> => {
    // Open the tab while handling the click: browsers block pop-ups later.
    const tab = window.open("", "_blank");
    try {
      const { url, path: own } = await client.openPort(conversation, port);
      if (tab !== null) {
        tab.opener = null;
        tab.location.href = url === null ? new URL(own, location.href).href : urlWithPath(url, path, location.protocol);
      }
    } catch (error) {
      tab?.close();
      toastFailure(error);
    }
  };

  return (
    <>
      <div className="flex h-9 shrink-0 items-center gap-1 border-b border-line px-2">
        <Select
          size="small"
          quiet
          label={t.work.ports.port}
          value={String(port)}
          choices={ports.map((each) => ({ value: String(each), label: String(each) }))}
          onChange={(value) => onChoose(Number(value))}
        />
        <form
          className="min-w-0 flex-1"
          onSubmit={(event) => {
            event.preventDefault();
            setPath(typed.startsWith("/") ? typed : `/${typed}`);
            setLoads((times) => times + 1);
          }}
        >
          <input
            aria-label={t.work.ports.path}
            value={typed}
            spellCheck={false}
            className="h-6.5 w-full rounded-md bg-raised px-2 font-mono text-xs outline-none focus:ring-2 focus:ring-accent/30"
            onChange={({ target }) => setTyped(target.value)}
          />
        </form>
        <Select
          size="small"
          quiet
          label={t.work.ports.device}
          value={device}
          choices={(["full", "phone", "tablet", "desktop"] as const).map((value) => ({
            value,
            label: t.work.ports.devices[value],
          }))}
          onChange={setDevice}
        />
        <IconButton
          icon={SyncIcon}
          size="small"
          label={t.work.ports.reload}
          onClick={() => setLoads((times) => times + 1)}
        />
        <IconButton icon={LinkExternalIcon} size="small" label={t.common.openInNewTab} onClick={() => void openTab()} />
      </div>
      <div className="flex min-h-0 flex-1 justify-center overflow-auto bg-code">
        {address === undefined ? (
          <Skeleton />
        ) : address === null ? (
          <EmptyState icon={BroadcastIcon} title={t.work.ports.noPreview}>
            {t.work.ports.noPreviewDescription}
          </EmptyState>
        ) : (
          // oxlint-disable-next-line react/iframe-missing-sandbox -- `allow-same-origin` gives it the separate origin, which holds nothing of ours
          <iframe
            key={address}
            src={address}
            title={t.work.ports.appOnPort(port)}
            // It cannot navigate this page.
            // oxlint-disable-next-line react/iframe-missing-sandbox -- the two together are safe with a separate origin
            sandbox="allow-scripts allow-same-origin allow-forms allow-popups allow-popups-to-escape-sandbox allow-modals allow-downloads"
            allow="fullscreen"
            referrerPolicy="no-referrer"
            className={`h-full shrink-0 bg-white ${frameWidth[device]}`}
          />
        )}
      </div>
    </>
  );
}
