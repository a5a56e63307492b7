/**
 * The code editor. It lives in a shadow root, where its styles are constructed style sheets. In the document they would be
 * `<style>` elements, which the content security policy forbids.
 */
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import {
  bracketMatching,
  foldGutter,
  foldKeymap,
  HighlightStyle,
  indentOnInput,
  indentUnit,
  syntaxHighlighting,
} from "@codemirror/language";
import { unifiedMergeView } from "@codemirror/merge";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { languageOf } from "../../code/languages.ts";

export interface Editor extends Disposable {
  text(): string;
  /** Replaces the whole document in one undoable step. */
  replace(text: string): void;
  /** Shows the differences from `text`; undefined ends the comparison. */
  compare(text: string | undefined): void;
  focus(): void;
}

export interface EditorOptions {
  readonly path: string;
  readonly text: string;
  /** The accessible name. */
  readonly label: string;
  /** Labels of the buttons in a comparison. */
  readonly keepMine: string;
  readonly takeTheirs: string;
  readonly onChange: () => void;
  readonly onSave: () => void;
}

export function openEditor(
  container: HTMLElement,
  { path, text, label, keepMine, takeTheirs, onChange, onSave }: EditorOptions,
): Editor {
  const root = container.shadowRoot ?? container.attachShadow({ mode: "open" });
  root.replaceChildren();
  const language = new Compartment();
  const comparison = new Compartment();
  const view = new EditorView({
    root,
    parent: root as unknown as Element,
    state: EditorState.create({
      doc: text,
      extensions: [
        lineNumbers(),
        highlightActiveLineGutter(),
        highlightSpecialChars(),
        history(),
        foldGutter(),
        drawSelection(),
        indentOnInput(),
        indentUnit.of(usualIndent(text)),
        bracketMatching(),
        highlightActiveLine(),
        highlightSelectionMatches(),
        search({ top: true }),
        syntaxHighlighting(colours),
        theme,
        language.of([]),
        comparison.of([]),
        EditorView.contentAttributes.of({ "aria-label": label }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) onChange();
        }),
        keymap.of([
          {
            key: "Mod-s",
            preventDefault: true,
            run: () => {
              onSave();
              return true;
            },
          },
          ...defaultKeymap,
          ...searchKeymap,
          ...historyKeymap,
          ...foldKeymap,
          indentWithTab,
        ]),
      ],
    }),
  });
  languageOf(path)?.then(
    (support) => view.dispatch({ effects: language.reconfigure(support) }),
    () => {
      // Without the language there is no highlighting.
    },
  );
  return {
    text: () => view.state.doc.toString(),
    replace: (next) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: next } }),
    compare: (other) =>
      view.dispatch({
        effects: comparison.reconfigure(
          other === undefined
            ? []
            : unifiedMergeView({
                original: other,
                gutter: true,
                mergeControls: (type, act) => control(type === "accept" ? keepMine : takeTheirs, act),
              }),
        ),
      }),
    focus: () => view.focus(),
    [Symbol.dispose]: () => view.destroy(),
  };
}

function control(text: string, act: (event: MouseEvent) => void): HTMLElement {
  const button = document.createElement("button");
  button.textContent = text;
  button.className = "cm-choice";
  button.addEventListener("mousedown", act);
  return button;
}

/** The indentation that the file already uses. */
function usualIndent(text: string): string {
  const found = /^(\t| {2,8})\S/m.exec(text)?.[1];
  return found === undefined || found.length > 4 ? "  " : found;
}

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.modifier, tags.operatorKeyword], color: "var(--color-tok-keyword)" },
  {
    tag: [tags.string, tags.special(tags.string), tags.character, tags.attributeValue],
    color: "var(--color-tok-string)",
  },
  { tag: [tags.number, tags.bool, tags.atom, tags.literal], color: "var(--color-tok-number)" },
  { tag: [tags.comment, tags.meta], color: "var(--color-muted)" },
  {
    tag: [tags.typeName, tags.className, tags.namespace, tags.tagName, tags.labelName],
    color: "var(--color-tok-type)",
  },
  { tag: [tags.definition(tags.variableName), tags.propertyName, tags.macroName], color: "var(--color-tok-name)" },
  { tag: [tags.heading, tags.strong], fontWeight: "600" },
  { tag: tags.emphasis, fontStyle: "italic" },
  { tag: [tags.link, tags.url], color: "var(--color-accent)" },
  { tag: tags.inserted, color: "var(--color-good)" },
  { tag: [tags.deleted, tags.invalid], color: "var(--color-bad)" },
]);

const theme = EditorView.theme({
  "&": { height: "100%", fontSize: "12.5px", color: "var(--color-ink)", backgroundColor: "var(--color-panel)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": {
    fontFamily: "var(--font-mono)",
    lineHeight: "1.5",
    fontVariantLigatures: "none",
    fontFeatureSettings: '"calt" 0',
  },
  ".cm-gutters": { backgroundColor: "var(--color-panel)", color: "var(--color-muted)", border: "none" },
  ".cm-activeLine": { backgroundColor: "color-mix(in oklab, var(--color-raised) 60%, transparent)" },
  ".cm-activeLineGutter": { backgroundColor: "var(--color-raised)", color: "var(--color-ink)" },
  ".cm-cursor": { borderLeftColor: "var(--color-accent)", borderLeftWidth: "2px" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    background: "color-mix(in oklab, var(--color-accent) 24%, transparent) !important",
  },
  ".cm-selectionMatch": { backgroundColor: "color-mix(in oklab, var(--color-warn) 22%, transparent)" },
  ".cm-matchingBracket": { backgroundColor: "var(--color-active) !important", outline: "none" },
  ".cm-panels": { backgroundColor: "var(--color-raised)", color: "var(--color-ink)", border: "none" },
  ".cm-panel.cm-search": { padding: "6px 8px", fontFamily: "var(--font-sans)" },
  ".cm-panel.cm-search label": { fontSize: "12px" },
  ".cm-textfield": {
    backgroundColor: "var(--color-panel)",
    border: "1px solid var(--color-line)",
    borderRadius: "6px",
    color: "var(--color-ink)",
  },
  ".cm-button": {
    backgroundImage: "none",
    backgroundColor: "var(--color-panel)",
    border: "1px solid var(--color-line)",
    borderRadius: "6px",
    color: "var(--color-ink)",
  },
  ".cm-foldPlaceholder": { backgroundColor: "var(--color-active)", border: "none", color: "var(--color-muted)" },
  ".cm-changedLine, .cm-insertedLine": { backgroundColor: "var(--color-good-soft) !important" },
  ".cm-changedText": { background: "color-mix(in oklab, var(--color-good) 25%, transparent) !important" },
  ".cm-deletedChunk": { backgroundColor: "var(--color-bad-soft) !important" },
  ".cm-deletedChunk .cm-deletedText": { background: "color-mix(in oklab, var(--color-bad) 25%, transparent)" },
  ".cm-choice": {
    fontFamily: "var(--font-sans)",
    fontSize: "11px",
    padding: "1px 6px",
    marginLeft: "4px",
    color: "var(--color-ink)",
    backgroundColor: "var(--color-panel)",
    border: "1px solid var(--color-line)",
    borderRadius: "4px",
    cursor: "pointer",
  },
});
