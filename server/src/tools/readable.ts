/** A page's title and what a person would read of it. */
import type { Page } from "./fetch-page.ts";

export async function readable(page: Page): Promise<{ title: string; text: string }> {
  if (!/html/.test(page.contentType)) return { title: "", text: page.body };
  // Loaded at the first page: most conversations never browse.
  const [{ parseHTML }, { Readability }] = await Promise.all([import("linkedom"), import("@mozilla/readability")]);
  const { document } = parseHTML(page.body);
  const title = document.title?.trim() ?? "";
  const plain = collapse(document.body?.textContent ?? "");
  const article = new Readability(document as never, { maxElemsToParse: 50_000 }).parse();
  const text = collapse(article?.textContent ?? "");
  return { title: article?.title?.trim() || title, text: text || plain };
}

function collapse(text: string): string {
  return text
    .replaceAll(/[ \t\u00a0]+/g, " ")
    .replaceAll(/ ?\n ?/g, "\n")
    .replaceAll(/\n{3,}/g, "\n\n")
    .trim();
}
