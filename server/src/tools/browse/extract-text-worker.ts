/** The thread of `readable.ts`: HTML in, title and Markdown out. */
import { parentPort, workerData } from "node:worker_threads";
import { Readability } from "@mozilla/readability";
import { parseHTML } from "linkedom";
import TurndownService from "turndown";
import type { PageText } from "./extract-text.ts";

const unread = ["script", "style", "noscript", "template", "svg", "iframe", "nav", "footer"];

function read(html: string): PageText {
  const { document } = parseHTML(html);
  const title = document.title.trim();
  for (const element of document.querySelectorAll(unread.join(","))) element.remove();
  // Readability takes its document apart: what it does not want is read from what was there before.
  const whole = document.body?.innerHTML ?? "";
  const article = new Readability(document as never).parse();
  const markdown = new TurndownService({ headingStyle: "atx", codeBlockStyle: "fenced", bulletListMarker: "-" });
  return { title: article?.title?.trim() || title, text: markdown.turndown(article?.content || whole) };
}

parentPort?.postMessage(read(String(workerData)));
