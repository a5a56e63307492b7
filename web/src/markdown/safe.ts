/** What of a model's Markdown is taken at its word. */

/** Links that a person may follow; all else is text. */
export function isSafeLink(address: string): boolean {
  return /^(https?:\/\/|mailto:)/i.test(address);
}

interface Node {
  type: string;
  children?: Node[];
}

/** Raw HTML is shown as the text that it is. */
export function htmlAsText(): (tree: Node) => void {
  const mend = (node: Node): void => {
    if (node.type === "html") node.type = "text";
    for (const child of node.children ?? []) mend(child);
  };
  return mend;
}
