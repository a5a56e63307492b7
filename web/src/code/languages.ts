/** Which language a file is written in, by its name; each is loaded when the first such file is looked at. */
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

/** One of those that only tokenize. */
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

/** By a file's ending, or the name in a fence. */
const byEnding: Readonly<Record<string, Load>> = {
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

/** Undefined for a file of no language that is known. */
export function languageOf(path: string): Promise<LanguageSupport> | undefined {
  const name = (path.split("/").at(-1) ?? "").toLowerCase();
  return found(Object.hasOwn(byName, name) ? byName[name] : ending(name));
}

/** By its name or a file's ending. */
export function languageNamed(name: string): Promise<LanguageSupport> | undefined {
  return found(ending(name.toLowerCase()));
}

function ending(name: string): Load | undefined {
  const last = name.slice(name.lastIndexOf(".") + 1);
  return Object.hasOwn(byEnding, last) ? byEnding[last] : undefined;
}

function found(load: Load | undefined): Promise<LanguageSupport> | undefined {
  if (load === undefined) return undefined;
  let support = loaded.get(load);
  if (support === undefined) {
    support = load();
    loaded.set(load, support);
    // A part that did not come is asked for again.
    support.catch(() => loaded.delete(load));
  }
  return support;
}
