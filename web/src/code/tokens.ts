/**
 * Colours for code, as classes that style.css knows: no style attributes, and no grammar before there is something to
 * colour. What has no grammar here stays plain.
 */
import type { Language } from "@codemirror/language";
import type { classHighlighter, highlightCode } from "@lezer/highlight";

export interface Token {
  readonly text: string;
  /** Empty where it is plain. */
  readonly classes: string;
}

type Parser = Language["parser"];

/** Characters that are coloured at most: parsing more would be felt. */
const mostText = 30_000;

type Load = () => Promise<Parser>;

const javascript: Load = async () => (await import("@codemirror/lang-javascript")).javascriptLanguage.parser;
const typescript: Load = async () => (await import("@codemirror/lang-javascript")).tsxLanguage.parser;
const json: Load = async () => (await import("@codemirror/lang-json")).jsonLanguage.parser;
const python: Load = async () => (await import("@codemirror/lang-python")).pythonLanguage.parser;
const css: Load = async () => (await import("@codemirror/lang-css")).cssLanguage.parser;
const html: Load = async () => (await import("@codemirror/lang-html")).htmlLanguage.parser;
const markdown: Load = async () => (await import("@codemirror/lang-markdown")).markdownLanguage.parser;
const legacy = (
  load: () => Promise<Parameters<typeof import("@codemirror/language").StreamLanguage.define>[0]>,
): Load => {
  return async () => (await import("@codemirror/language")).StreamLanguage.define(await load()).parser;
};
const shell = legacy(async () => (await import("@codemirror/legacy-modes/mode/shell")).shell);
const clike = (name: "c" | "cpp" | "java" | "csharp" | "kotlin" | "scala"): Load =>
  legacy(async () => (await import("@codemirror/legacy-modes/mode/clike"))[name]);

/** By the name in a fence, or a file's ending. */
const grammars: Readonly<Record<string, Load>> = {
  js: javascript,
  mjs: javascript,
  cjs: javascript,
  jsx: javascript,
  javascript,
  ts: typescript,
  tsx: typescript,
  mts: typescript,
  typescript,
  json,
  jsonl: json,
  jsonc: json,
  py: python,
  python,
  css,
  html,
  xml: html,
  svg: html,
  vue: html,
  md: markdown,
  markdown,
  sh: shell,
  bash: shell,
  zsh: shell,
  shell,
  console: shell,
  c: clike("c"),
  h: clike("c"),
  cpp: clike("cpp"),
  cc: clike("cpp"),
  hpp: clike("cpp"),
  java: clike("java"),
  cs: clike("csharp"),
  kt: clike("kotlin"),
  scala: clike("scala"),
  go: legacy(async () => (await import("@codemirror/legacy-modes/mode/go")).go),
  rs: legacy(async () => (await import("@codemirror/legacy-modes/mode/rust")).rust),
  rust: legacy(async () => (await import("@codemirror/legacy-modes/mode/rust")).rust),
  rb: legacy(async () => (await import("@codemirror/legacy-modes/mode/ruby")).ruby),
  ruby: legacy(async () => (await import("@codemirror/legacy-modes/mode/ruby")).ruby),
  toml: legacy(async () => (await import("@codemirror/legacy-modes/mode/toml")).toml),
  yml: legacy(async () => (await import("@codemirror/legacy-modes/mode/yaml")).yaml),
  yaml: legacy(async () => (await import("@codemirror/legacy-modes/mode/yaml")).yaml),
  sql: legacy(async () => (await import("@codemirror/legacy-modes/mode/sql")).standardSQL),
  diff: legacy(async () => (await import("@codemirror/legacy-modes/mode/diff")).diff),
  dockerfile: legacy(async () => (await import("@codemirror/legacy-modes/mode/dockerfile")).dockerFile),
};

/** `src/a.ts` is "ts"; "Dockerfile" is its own name. */
export function languageOfPath(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1).toLowerCase();
  return name.slice(name.lastIndexOf(".") + 1);
}

export function hasGrammar(language: string): boolean {
  return Object.hasOwn(grammars, language.toLowerCase());
}

/** Line by line. Undefined where it stays plain. */
export async function highlighted(text: string, language: string): Promise<readonly (readonly Token[])[] | undefined> {
  const load = hasGrammar(language) ? grammars[language.toLowerCase()] : undefined;
  if (load === undefined || text.length > mostText) return undefined;
  const [parser, lezer] = await Promise.all([load(), import("@lezer/highlight")]);
  return tokensOf(text, parser, lezer);
}

interface Lezer {
  readonly classHighlighter: typeof classHighlighter;
  readonly highlightCode: typeof highlightCode;
}

function tokensOf(text: string, parser: Parser, lezer: Lezer): readonly (readonly Token[])[] {
  const lines: Token[][] = [[]];
  lezer.highlightCode(
    text,
    parser.parse(text),
    lezer.classHighlighter,
    (part, classes) => void lines.at(-1)?.push({ text: part, classes }),
    () => void lines.push([]),
  );
  return lines;
}
