/** The worker thread of `extract-text.ts`: HTML in, title and Markdown out. */
import { parentPort, workerData } from "node:worker_threads";
import { Readability } from "@mozilla/readability";
import { parseHTML } from "linkedom";
import TurndownService from "turndown";
import type { PageText } from "./extract-text.ts";

const removedElements = ["script", "style", "noscript", "template", "svg", "iframe", "nav", "footer"];

function extract(html: string): PageText {
  const { document } = parseHTML(html);
  const title = document.title.trim();
  for (const element of document.querySelectorAll(removedElements.join(","))) element.remove();
  // Readability modifies its document, so the fallback for pages without an article is saved first.
  const fallback = document.body?.innerHTML ?? "";
  const article = new Readability(document as never).parse();
  const markdown = new TurndownService({ headingStyle: "atx", codeBlockStyle: "fenced", bulletListMarker: "-" });
  return { title: article?.title?.trim() || title, text: markdown.turndown(article?.content || fallback) };
}

parentPort?.postMessage(extract(String(workerData)));
