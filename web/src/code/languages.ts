/** The language support for a file by its name. Each language is loaded when it is first needed. */
import type { LanguageSupport, StreamParser } from "@codemirror/language";

type Load = () => Promise<LanguageSupport>;

const javascript =
  (options: { readonly jsx?: boolean; readonly typescript?: boolean }): Load =>
  async () =>
    (await import("@codemirror/lang-javascript")).javascript(options);
const css: Load = async () => (await import("@codemirror/lang-css")).css();
const html: Load = async () => (await import("@codemirror/lang-html")).html();
const json: Load = async () => (await import("@codemirror/lang-json")).json();
const markdown: Load = async () => (await import("@codemirror/lang-markdown")).markdown();
const python: Load = async () => (await import("@codemirror/lang-python")).python();

/** A CodeMirror 5 mode, which only tokenizes. */
function legacy(load: () => Promise<StreamParser<unknown>>): Load {
  return async () => {
    const [{ LanguageSupport, StreamLanguage }, parser] = await Promise.all([import("@codemirror/language"), load()]);
    return new LanguageSupport(StreamLanguage.define(parser));
  };
}

const shell = legacy(async () => (await import("@codemirror/legacy-modes/mode/shell")).shell);
const clike = (name: "c" | "cpp" | "csharp" | "java" | "kotlin" | "scala" | "objectiveC" | "dart"): Load =>
  legacy(async () => (await import("@codemirror/legacy-modes/mode/clike"))[name]);
const rust = legacy(async () => (await import("@codemirror/legacy-modes/mode/rust")).rust);
const go = legacy(async () => (await import("@codemirror/legacy-modes/mode/go")).go);
const ruby = legacy(async () => (await import("@codemirror/legacy-modes/mode/ruby")).ruby);
const yaml = legacy(async () => (await import("@codemirror/legacy-modes/mode/yaml")).yaml);
const toml = legacy(async () => (await import("@codemirror/legacy-modes/mode/toml")).toml);
const xml = legacy(async () => (await import("@codemirror/legacy-modes/mode/xml")).xml);
const sql = legacy(async () => (await import("@codemirror/legacy-modes/mode/sql")).standardSQL);
const docker = legacy(async () => (await import("@codemirror/legacy-modes/mode/dockerfile")).dockerFile);
const lua = legacy(async () => (await import("@codemirror/legacy-modes/mode/lua")).lua);
const swift = legacy(async () => (await import("@codemirror/legacy-modes/mode/swift")).swift);
const perl = legacy(async () => (await import("@codemirror/legacy-modes/mode/perl")).perl);
const diff = legacy(async () => (await import("@codemirror/legacy-modes/mode/diff")).diff);
const properties = legacy(async () => (await import("@codemirror/legacy-modes/mode/properties")).properties);

/** By file extension, or by the language name of a code fence. */
const byExtension: Readonly<Record<string, Load>> = {
  javascript: javascript({ jsx: true }),
  typescript: javascript({ jsx: true, typescript: true }),
  python,
  shell,
  console: shell,
  rust,
  ruby,
  diff,
  dockerfile: docker,
  js: javascript({ jsx: true }),
  mjs: javascript({}),
  cjs: javascript({}),
  jsx: javascript({ jsx: true }),
  ts: javascript({ typescript: true }),
  mts: javascript({ typescript: true }),
  cts: javascript({ typescript: true }),
  tsx: javascript({ jsx: true, typescript: true }),
  css,
  scss: css,
  less: css,
  html,
  htm: html,
  vue: html,
  svelte: html,
  json,
  jsonc: json,
  jsonl: json,
  md: markdown,
  mdx: markdown,
  markdown,
  py: python,
  pyi: python,
  sh: shell,
  bash: shell,
  zsh: shell,
  c: clike("c"),
  h: clike("c"),
  cc: clike("cpp"),
  cpp: clike("cpp"),
  hpp: clike("cpp"),
  cs: clike("csharp"),
  java: clike("java"),
  kt: clike("kotlin"),
  scala: clike("scala"),
  dart: clike("dart"),
  m: clike("objectiveC"),
  rs: rust,
  go,
  rb: ruby,
  yaml,
  yml: yaml,
  toml,
  lock: toml,
  xml,
  svg: xml,
  sql,
  lua,
  swift,
  pl: perl,
  ini: properties,
  env: properties,
  properties,
};

const byName: Readonly<Record<string, Load>> = {
  dockerfile: docker,
  containerfile: docker,
  makefile: shell,
  ".bashrc": shell,
  ".profile": shell,
  gemfile: ruby,
  rakefile: ruby,
  ".gitconfig": properties,
  ".npmrc": properties,
};

const loaded = new Map<Load, Promise<LanguageSupport>>();

/** Undefined if the language of the file is unknown. */
export function languageOf(path: string): Promise<LanguageSupport> | undefined {
  const name = (path.split("/").at(-1) ?? "").toLowerCase();
  return loadOnce(Object.hasOwn(byName, name) ? byName[name] : extensionLoader(name));
}

/** By language name or file extension. */
export function languageNamed(name: string): Promise<LanguageSupport> | undefined {
  return loadOnce(extensionLoader(name.toLowerCase()));
}

function extensionLoader(name: string): Load | undefined {
  const last = name.slice(name.lastIndexOf(".") + 1);
  return Object.hasOwn(byExtension, last) ? byExtension[last] : undefined;
}

function loadOnce(load: Load | undefined): Promise<LanguageSupport> | undefined {
  if (load === undefined) return undefined;
  let support = loaded.get(load);
  if (support === undefined) {
    support = load();
    loaded.set(load, support);
    // Retry a failed import the next time.
    support.catch(() => loaded.delete(load));
  }
  return support;
}
