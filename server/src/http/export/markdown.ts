/**
 * A conversation to read anywhere. What was said is quoted, commands and outputs are fenced: nothing in them begins
 * something outside of them, no markup of theirs is run, and no picture is fetched when the file is looked at.
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
      .map((block) => `\n${blockText(block)}\n`)
      .join(""),
  tail: "",
};

function blockText(block: Block): string {
  switch (block.type) {
    case "said": {
      const pictures = block.images.map(() => "\n> *[a picture]*").join("");
      return `**${block.by === "user" ? "User" : "Agent"}**\n\n${quoted(block.text)}${pictures}`;
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
  const harmless = stripControls(text).trim().replaceAll("<", "&lt;").replaceAll("![", "!\\[");
  return harmless
    .split("\n")
    .map((line) => `> ${line}`)
    .join("\n");
}

/** A fence ends only with one that is as long. */
function fenced(text: string, language: string): string {
  const body = stripControls(text).replace(/\n+$/, "");
  const longest = Math.max(2, ...[...body.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${body}\n${fence}`;
}

/** One line, without markup. */
function inline(text: string): string {
  return stripControls(text)
    .trim()
    .replaceAll(/\s+/g, " ")
    .replaceAll(/[\\`*_<>[\]#|&!]/g, "\\$&");
}
