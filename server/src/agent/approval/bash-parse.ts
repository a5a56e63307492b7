/**
 * A command line as the simple commands that it is made of, where it is made of nothing else: words without any meaning
 * of their own, joined by `;`, newline, `&&`, `||` and `|`. Everything that expands, redirects, assigns, substitutes,
 * groups, loops or continues makes it undefined, and so does whatever the grammar leaves unread: an approval rule can
 * then say nothing about it.
 */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Node, Parser } from "web-tree-sitter";

const mostChars = 4_000;
const mostNodes = 500;

/** Words of one simple command, as bash would hand them to the program. */
export type SimpleCommand = readonly string[];

export async function parseSimpleCommands(text: string): Promise<readonly SimpleCommand[] | undefined> {
  // What looks like another character, or like none, is nobody's rule; long texts are not worth the parser's time.
  if (text.length > mostChars || !/^[\x20-\x7E\n\t]*$/.test(text)) return undefined;
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
  if (root.hasError || root.descendantCount > mostNodes) return undefined;
  const commands: SimpleCommand[] = [];
  let readTo = 0;
  return reads(root) && onlyBlanks(text.slice(readTo)) && commands.length > 0 ? commands : undefined;

  /** Goes through all nodes in order; the text between what is understood has to be blank. */
  function reads(node: Node): boolean {
    switch (node.type) {
      case "program":
      case "list":
      case "pipeline":
        return node.children.every(reads);
      case ";":
      case "\n":
      case "&&":
      case "||":
      case "|":
        return takes(node);
      case "command": {
        const words: string[] = [];
        for (const child of node.children) {
          const word = wordOf(child);
          if (word === undefined || !takes(child)) return false;
          words.push(word);
        }
        commands.push(words);
        return words.length > 0;
      }
      default:
        return false;
    }
  }

  function takes(node: Node): boolean {
    if (!onlyBlanks(text.slice(readTo, node.startIndex))) return false;
    readTo = node.endIndex;
    return true;
  }
}

function onlyBlanks(text: string): boolean {
  return /^[ \t\n]*$/.test(text);
}

/** The word that bash would make of it; undefined where that needs more than taking quotes away. */
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

/** Loaded at the first need (about 0.1 s) and once. A failure is tried again. */
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
