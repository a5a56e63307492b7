import { useEffect, useRef, useState } from "react";
import type { TerminalSize } from "@deckhand/protocol";
import { client } from "../../server.ts";
import { usePreferences } from "../../shell/preferences.ts";
import { useMessages } from "../../i18n/i18n.ts";
import { openScreen, type Screen } from "./screen.ts";

interface TerminalViewProps {
  readonly conversation: string;
  readonly id: string;
  /** The accessible name. */
  readonly label: string;
  /** Moves the focus when the terminal is left by keyboard. */
  readonly onLeave: () => void;
}

/** One terminal, the same for all viewers. */
export function TerminalView({ conversation, id, label, onLeave }: TerminalViewProps) {
  const t = useMessages();
  const { theme } = usePreferences();
  const container = useRef<HTMLDivElement>(null);
  const screen = useRef<Screen>(undefined);
  const leave = useRef(onLeave);
  const [connected, setConnected] = useState(true);
  const [watchers, setWatchers] = useState(1);
  const [refused, setRefused] = useState("");
  const [size, setSize] = useState<{ readonly rendered: TerminalSize; readonly shared: TerminalSize }>();
  useEffect(() => {
    leave.current = onLeave;
  });

  useEffect(() => {
    const element = container.current;
    if (element === null) return;
    let shared: TerminalSize = { rows: 24, cols: 80 };
    const own = openScreen(
      element,
      (text) => link.type(text),
      () => leave.current(),
    );
    screen.current = own;
    const link = client.terminals.watch(conversation, id, {
      onScreen: ({ data, rows, cols }) => {
        shared = { rows, cols };
        own.xterm.reset();
        own.xterm.resize(cols, rows);
        own.xterm.write(data);
        compare();
      },
      onOutput: (text) => own.xterm.write(text),
      onResize: (next) => {
        shared = next;
        own.xterm.resize(next.cols, next.rows);
        compare();
      },
      onWatchers: setWatchers,
      onRefused: setRefused,
      onConnected: setConnected,
      onEnd: () => {},
    });
    const compare = (): void => {
      const fits = own.fittingSize();
      if (fits !== undefined) setSize({ rendered: fits, shared });
    };
    const fit = (): void => {
      const fits = own.fittingSize();
      if (fits === undefined) return;
      link.resize(fits);
      compare();
    };
    fit();
    // Do not steal the focus from keyboard users who move through the tabs.
    if (document.activeElement === document.body) own.xterm.focus();
    let resizeTimer: ReturnType<typeof setTimeout> | undefined;
    const observer = new ResizeObserver(() => {
      clearTimeout(resizeTimer);
      resizeTimer = setTimeout(fit, 60);
    });
    observer.observe(element);
    return () => {
      clearTimeout(resizeTimer);
      observer.disconnect();
      link.close();
      own[Symbol.dispose]();
    };
  }, [conversation, id]);

  useEffect(() => {
    screen.current?.retheme(theme);
    const system = matchMedia("(prefers-color-scheme: dark)");
    const onChange = (): void => screen.current?.retheme(theme);
    system.addEventListener("change", onChange);
    return () => system.removeEventListener("change", onChange);
  }, [theme]);

  const isSizedToOther =
    size !== undefined && (size.rendered.cols < size.shared.cols || size.rendered.rows < size.shared.rows);
  return (
    <div className="flex min-h-0 flex-1 flex-col bg-code">
      <div className="min-h-0 flex-1 overflow-auto p-2">
        <div
          ref={container}
          role="group"
          aria-label={label}
          data-keys="own"
          data-terminal={id}
          className="h-full w-full bg-code font-mono text-ink"
        />
      </div>
      <p role="status" className="flex h-6 shrink-0 items-center gap-3 px-3 text-2xs text-muted">
        {!connected && <span className="text-warn">{t.work.terminal.disconnected}</span>}
        {refused !== "" && <span className="text-warn">{refused}</span>}
        {watchers > 1 && <span>{t.work.terminal.viewers(watchers)}</span>}
        {size !== undefined && (
          <span className="tabular-nums">
            {size.shared.cols} × {size.shared.rows}
          </span>
        )}
        {isSizedToOther && <span>{t.work.terminal.sizedToOther}</span>}
        <span className="ml-auto max-sm:hidden">{t.work.terminal.leaveHint}</span>
      </p>
    </div>
  );
}
