import type { ViewState } from "@deckhand/client";
import { usePane } from "../shell/panes.ts";
import { setPreferences, usePreferences } from "../shell/preferences.ts";
import { ResizeHandle } from "./resize-handle.tsx";
import { useMessages } from "../i18n/i18n.ts";
import { visibleTabs } from "./tabs.tsx";
import { useWorkCommands } from "./work-commands.ts";
import { WorkPanel } from "./work-panel.tsx";

interface WorkAsideProps {
  readonly conversation: string;
  readonly snapshot: ViewState;
  readonly tab: string | undefined;
  /** The event whose state is viewed; undefined for the latest. */
  readonly at: number | undefined;
}

/** The resizable panel to the right of the conversation; a separate pane on phones. */
export function WorkAside({ conversation, snapshot, tab, at }: WorkAsideProps) {
  const t = useMessages();
  const pane = usePane();
  const { workOpen, workWidth } = usePreferences();
  useWorkCommands(
    conversation,
    visibleTabs(snapshot)
      .map(({ id }) => id)
      .join(" "),
  );
  return (
    <>
      {workOpen && (
        <ResizeHandle
          label={t.app.resizePanel}
          width={workWidth}
          min={280}
          max={1100}
          onChange={(width) => setPreferences({ workWidth: width })}
        />
      )}
      <aside
        ref={(element) => element?.style.setProperty("--work-width", `${workWidth}px`)}
        aria-label={t.app.workPanel}
        className={`min-h-0 flex-col md:w-(--work-width) md:max-w-[60vw] md:shrink-0 ${
          pane === "work" ? "max-md:flex max-md:flex-1" : "max-md:hidden"
        } ${workOpen ? "flex" : "md:hidden"}`}
      >
        {(workOpen || pane === "work") && (
          <WorkPanel conversation={conversation} snapshot={snapshot} tab={tab} at={at} />
        )}
      </aside>
    </>
  );
}
