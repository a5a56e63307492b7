/** A terminal that is drawn here and lives on the server: it answers no questions of programs, and its size is given to it. */
import { FitAddon } from "@xterm/addon-fit";
import { Terminal } from "@xterm/xterm";
// oxlint-disable-next-line import/no-unassigned-import -- Vite makes it a linked style sheet
import "@xterm/xterm/css/xterm.css";
import type { TerminalSize } from "@deckhand/protocol";
import { preferences } from "../../shell/preferences.ts";
import { copy } from "../../ui/copy-button.tsx";
import { themeOf } from "./palettes.ts";
import { styleFreeDocument, withoutStyles } from "./style-free-document.ts";

export interface Screen extends Disposable {
  readonly xterm: Terminal;
  /** What its box can show; undefined while it is not in sight. */
  proposed(): TerminalSize | undefined;
  retheme(chosen: "system" | "light" | "dark"): void;
}

/** `onLeave`: a person who has no mouse wants to get out again. */
export function openScreen(box: HTMLElement, onType: (text: string) => void, onLeave: () => void): Screen {
  const xterm = new Terminal({
    documentOverride: styleFreeDocument(),
    fontFamily: getComputedStyle(box).getPropertyValue("--font-mono") || "monospace",
    fontSize: 13,
    lineHeight: 1.2,
    cursorBlink: false,
    scrollback: 2000,
    // Whatever a program chooses can be read (WCAG 1.4.3).
    minimumContrastRatio: 4.5,
    theme: themeOf(box, preferences().theme),
    macOptionIsMeta: true,
    // A link is shown and opened as what it is; nothing but the web.
    linkHandler: { activate: (_, text) => void window.open(text, "_blank", "noopener,noreferrer") },
  });
  const fit = new FitAddon();
  xterm.loadAddon(fit);
  withoutStyles(() => xterm.open(box));
  drawInto(xterm, xterm.options.documentOverride as Document);
  beSilent(xterm);
  xterm.onData(onType);
  xterm.attachCustomKeyEventHandler((event) => {
    if (event.type !== "keydown") return true;
    if (event.key === "Escape" && event.shiftKey) {
      event.preventDefault();
      onLeave();
      return false;
    }
    const isCopy = event.key.toLowerCase() === "c" && event.shiftKey && (event.ctrlKey || event.metaKey);
    if (isCopy && xterm.hasSelection()) {
      event.preventDefault();
      copy(xterm.getSelection()).catch(() => {});
      return false;
    }
    return true;
  });
  return {
    xterm,
    proposed() {
      const size = fit.proposeDimensions();
      if (size === undefined || !Number.isFinite(size.rows) || !Number.isFinite(size.cols)) return undefined;
      return { rows: Math.min(300, Math.max(2, size.rows)), cols: Math.min(500, Math.max(10, size.cols)) };
    },
    retheme: (chosen) => (xterm.options.theme = themeOf(box, chosen)),
    [Symbol.dispose]: () => xterm.dispose(),
  };
}

/**
 * Programs ask a terminal where its cursor is and what it can do. The server's own screen answers; if each watcher did, the program would
 * read the answers of all of them as if they had been typed.
 */
function beSilent({ parser }: Terminal): void {
  const silent = (): boolean => true;
  for (const id of [
    { final: "c" },
    { prefix: ">", final: "c" },
    { prefix: "=", final: "c" },
    { final: "n" },
    { prefix: "?", final: "n" },
    { prefix: ">", final: "q" },
    { intermediates: "$", final: "p" },
    { prefix: "?", intermediates: "$", final: "p" },
    { prefix: "?", final: "u" },
    { final: "t" },
  ])
    parser.registerCsiHandler(id, silent);
  parser.registerDcsHandler({ intermediates: "$", final: "q" }, silent);
  parser.registerDcsHandler({ intermediates: "+", final: "q" }, silent);
  for (const code of [4, 10, 11, 12]) parser.registerOscHandler(code, (data) => data.endsWith("?"));
}

/**
 * Colours that are none of the sixteen are `style` attributes, of elements that are made in the page's document whatever the option says.
 * This reaches into the renderer; the version is pinned, and the test of the terminal looks at such a colour.
 */
function drawInto(xterm: Terminal, own: Document): void {
  const { _core: core } = xterm as unknown as {
    readonly _core?: {
      readonly _renderService?: {
        readonly _renderer?: { readonly value?: { readonly _rowFactory?: { _document: Document } } };
      };
    };
  };
  const factory = core?._renderService?._renderer?.value?._rowFactory;
  if (factory !== undefined) factory._document = own;
}
