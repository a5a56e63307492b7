/**
 * Splits a command line into simple commands: plain words, joined by `;`, newline, `&&`, `||` and `|`. Anything else,
 * such as an expansion, redirection, assignment, substitution, group, loop or line continuation, makes the result
 * undefined, and so does any text the grammar leaves unread. No approval rule covers such a line.
 */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Node, Parser } from "web-tree-sitter";

const maxChars = 4_000;
const maxNodes = 500;

/** The words of one command, as bash would pass them to the program. */
export type SimpleCommand = readonly string[];

export async function parseSimpleCommands(text: string): Promise<readonly SimpleCommand[] | undefined> {
  // Lookalike and invisible characters must not end up in a rule, and long lines are not worth the parser's time.
  if (text.length > maxChars || !/^[\x20-\x7E\n\t]*$/.test(text)) return undefined;
  const parser = await loadParser();
  const tree = parser.parse(text);
  if (tree === null) return undefined;
  try {
    return read(tree.rootNode, text);
  } finally {
    tree.delete();
  }
}

function read(root: Node, text: string): readonly SimpleCommand[] | undefined {
  if (root.hasError || root.descendantCount > maxNodes) return undefined;
  const commands: SimpleCommand[] = [];
  let readTo = 0;
  return visit(root) && onlyBlanks(text.slice(readTo)) && commands.length > 0 ? commands : undefined;

  /** Visits all nodes in order. The text between known nodes has to be blank. */
  function visit(node: Node): boolean {
    switch (node.type) {
      case "program":
      case "list":
      case "pipeline":
        return node.children.every(visit);
      case ";":
      case "\n":
      case "&&":
      case "||":
      case "|":
        return consume(node);
      case "command": {
        const words: string[] = [];
        for (const child of node.children) {
          const word = wordOf(child);
          if (word === undefined || !consume(child)) return false;
          words.push(word);
        }
        commands.push(words);
        return words.length > 0;
      }
      default:
        return false;
    }
  }

  function consume(node: Node): boolean {
    if (!onlyBlanks(text.slice(readTo, node.startIndex))) return false;
    readTo = node.endIndex;
    return true;
  }
}

function onlyBlanks(text: string): boolean {
  return /^[ \t\n]*$/.test(text);
}

/** The word as bash sees it; undefined when that takes more than removing quotes. */
function wordOf(node: Node): string | undefined {
  const { text } = node;
  switch (node.type) {
    case "command_name": {
      const [only] = node.children;
      return node.childCount === 1 && only !== undefined && /^[A-Za-z0-9_./-]+$/.test(text) ? wordOf(only) : undefined;
    }
    case "word":
    case "number":
      return /^[A-Za-z0-9_./:=@%+,-]+$/.test(text) ? text : undefined;
    case "raw_string":
      return /^'[^'\n]*'$/.test(text) ? text.slice(1, -1) : undefined;
    case "string":
      return /^"[^"$`\\!'\n]*"$/.test(text) ? text.slice(1, -1) : undefined;
    default:
      return undefined;
  }
}

let loading: Promise<Parser> | undefined;

/** Loaded once, on first use (about 0.1 s). A failed load is retried. */
function loadParser(): Promise<Parser> {
  loading ??= load().catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function load(): Promise<Parser> {
  const tree = await import("web-tree-sitter");
  await tree.Parser.init();
  const grammar = await readFile(fileURLToPath(import.meta.resolve("tree-sitter-bash/tree-sitter-bash.wasm")));
  return new tree.Parser().setLanguage(await tree.Language.load(grammar));
}
