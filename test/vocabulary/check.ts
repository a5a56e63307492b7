/** Finds retired words in file names, identifiers, comments, strings and documents. */
import { parseSync, Visitor } from "oxc-parser";
import { quotations, retiredPhrases, retiredPrefix, retiredWords, standardNames, type Quotation } from "./retired.ts";

export interface TextFile {
  /** From the root of the repository, with `/`. */
  readonly path: string;
  readonly text: string;
}

/** The ` * ` at the beginning of a comment's lines. */
const gutter = /\n[ \t]*\*/g;

const wordList = new Map(retiredWords.map(({ word, use }) => [word, use]));

/** One line for each retired word or phrase: `path:line: what, use …`. */
export function findRetired({ path, text }: TextFile, allowed: readonly Quotation[] = quotations): readonly string[] {
  const found = [...retiredInPath(path), ...(isCode(path) ? retiredInCode(path, text) : retiredInProse(text, 0))];
  return found
    .filter(({ what }) => !isQuotation(path, what, allowed))
    .map(({ what, use, offset }) => {
      const line = offset === undefined ? "" : `:${text.slice(0, offset).split("\n").length}`;
      return `${path}${line}: "${what}", use: ${use}`;
    });
}

interface Finding {
  readonly what: string;
  readonly use: string;
  readonly offset?: number;
}

function isCode(path: string): boolean {
  return /\.(?:ts|tsx|js|jsx)$/.test(path);
}

function isQuotation(path: string, what: string, allowed: readonly Quotation[]): boolean {
  return allowed.some(
    (quotation) =>
      (path === quotation.path || path.startsWith(`${quotation.path}/`)) &&
      (quotation.words?.includes(what.toLowerCase()) ?? true),
  );
}

function retiredInPath(path: string): readonly Finding[] {
  return path.split(/[/.\-_]/).flatMap((word) => lookUp(word.toLowerCase()));
}

function lookUp(word: string, offset?: number): readonly Finding[] {
  const use = wordList.get(word);
  return use === undefined ? [] : [{ what: word, use, ...(offset === undefined ? {} : { offset }) }];
}

/** The words of an identifier in camelCase, PascalCase, snake_case or CONSTANT_CASE, in lower case. */
export function wordsOf(identifier: string): readonly string[] {
  return (identifier.match(/[A-Z]?[a-z]+|[A-Z]+(?![a-z])/g) ?? []).map((word) => word.toLowerCase());
}

function retiredInCode(path: string, text: string): readonly Finding[] {
  const { program, comments, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`);
  const findings: Finding[] = [];
  const identifier = ({ name, start }: { readonly name: string; readonly start: number }): void => {
    if (standardNames.has(name)) return;
    findings.push(...wordsOf(name).flatMap((word) => lookUp(word, start)));
    if (retiredPrefix.pattern.test(name)) findings.push({ what: name, use: retiredPrefix.use, offset: start });
  };
  const prose = (value: string, start: number): void => {
    findings.push(...retiredInProse(value, start));
  };
  new Visitor({
    Identifier: identifier,
    PrivateIdentifier: identifier,
    JSXIdentifier: identifier,
    Literal: ({ value, start }) => typeof value === "string" && prose(value, start),
    TemplateElement: ({ value, start }) => prose(value.raw, start),
    JSXText: ({ value, start }) => prose(value, start),
  }).visit(program);
  for (const { value, start } of comments)
    prose(
      value.replace(gutter, (line) => line.replace(/\S/g, " ")),
      start,
    );
  return findings;
}

function retiredInProse(text: string, start: number): readonly Finding[] {
  return retiredPhrases.flatMap(({ pattern, use }) =>
    // A phrase may be broken at the end of a line.
    [...text.matchAll(new RegExp(pattern.source.replaceAll(" ", "\\s+"), "gi"))].map((match) => ({
      what: match[0].replace(/\s+/g, " "),
      use,
      offset: start + match.index,
    })),
  );
}
