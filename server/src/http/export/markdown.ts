/**
 * A conversation as Markdown. Messages are quoted, commands and output are fenced, so their content cannot break out of
 * its block, no markup in it takes effect, and viewing the file fetches no image.
 */
import type { Event } from "@deckhand/protocol";
import { toBlocks, stripControls, type Block } from "./blocks.ts";
import type { ExportFormat } from "./format.ts";

export const markdownFormat: ExportFormat = {
  contentType: "text/markdown; charset=utf-8",
  extension: "md",
  head: ({ title, exported }) => `# ${inline(title || "Untitled")}\n\n*Exported by Deckhand on ${exported}.*\n`,
  event: (event: Event) =>
    toBlocks(event)
      .map((block) => `\n${renderBlock(block)}\n`)
      .join(""),
  tail: "",
};

function renderBlock(block: Block): string {
  switch (block.type) {
    case "message": {
      const images = block.images.map(() => "\n> *[image]*").join("");
      return `**${block.by === "user" ? "User" : "Agent"}**\n\n${quoted(block.text)}${images}`;
    }
    case "thought":
      return quoted(block.text);
    case "code":
      return `${inline(block.label)}\n\n${fenced(block.text, block.language)}`;
    case "note":
      return `*${inline(block.text)}*`;
  }
}

function quoted(text: string): string {
  const inert = stripControls(text).trim().replaceAll("<", "&lt;").replaceAll("![", "!\\[");
  return inert
    .split("\n")
    .map((line) => `> ${line}`)
    .join("\n");
}

/** A fence is closed only by one of at least the same length. */
function fenced(text: string, language: string): string {
  const body = stripControls(text).replace(/\n+$/, "");
  const longest = Math.max(2, ...[...body.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${body}\n${fence}`;
}

/** A single line without markup. */
function inline(text: string): string {
  return stripControls(text)
    .trim()
    .replaceAll(/\s+/g, " ")
    .replaceAll(/[\\`*_<>[\]#|&!]/g, "\\$&");
}
