/** Renders a terminal that lives on the server: it answers no terminal queries, and its size is set from outside. */
import { FitAddon } from "@xterm/addon-fit";
import { Terminal } from "@xterm/xterm";
// oxlint-disable-next-line import/no-unassigned-import -- Vite turns it into a linked style sheet
import "@xterm/xterm/css/xterm.css";
import type { TerminalSize } from "@deckhand/protocol";
import { preferences } from "../../shell/preferences.ts";
import { copyText } from "../../ui/copy-button.tsx";
import { themeOf } from "./palettes.ts";
import { styleFreeDocument, withoutStyles } from "./style-free-document.ts";

export interface Screen extends Disposable {
  readonly xterm: Terminal;
  /** The size that fits; undefined while it is not visible. */
  fittingSize(): TerminalSize | undefined;
  retheme(chosen: "system" | "light" | "dark"): void;
}

/** `onLeave`: the keyboard shortcut that leaves the terminal was pressed. */
export function openScreen(container: HTMLElement, onType: (text: string) => void, onLeave: () => void): Screen {
  const xterm = new Terminal({
    documentOverride: styleFreeDocument(),
    fontFamily: getComputedStyle(container).getPropertyValue("--font-mono") || "monospace",
    fontSize: 13,
    lineHeight: 1.2,
    cursorBlink: false,
    scrollback: 2000,
    // Keeps any colours that a program chooses readable (WCAG 1.4.3).
    minimumContrastRatio: 4.5,
    theme: themeOf(container, preferences().theme),
    macOptionIsMeta: true,
    // Only web links are opened, and their full URL is shown.
    linkHandler: { activate: (_, text) => void window.open(text, "_blank", "noopener,noreferrer") },
  });
  const fit = new FitAddon();
  xterm.loadAddon(fit);
  withoutStyles(() => xterm.open(container));
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
      copyText(xterm.getSelection()).catch(() => {});
      return false;
    }
    return true;
  });
  return {
    xterm,
    fittingSize() {
      const size = fit.proposeDimensions();
      if (size === undefined || !Number.isFinite(size.rows) || !Number.isFinite(size.cols)) return undefined;
      return { rows: Math.min(300, Math.max(2, size.rows)), cols: Math.min(500, Math.max(10, size.cols)) };
    },
    retheme: (chosen) => (xterm.options.theme = themeOf(container, chosen)),
    [Symbol.dispose]: () => xterm.dispose(),
  };
}

/**
 * Programs query a terminal for its cursor position and capabilities. The server's screen answers; if every viewer did, the
 * program would read all of their answers as typed input.
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
 * Colours outside the sixteen are `style` attributes of elements that the renderer creates in the page's document,
 * regardless of the option. This patches the renderer; its version is pinned, and the terminal test checks such a colour.
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
