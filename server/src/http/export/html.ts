/**
 * A conversation as a self-contained HTML page without scripts or requests. All content is escaped, and the page's own
 * Content-Security-Policy forbids everything but its style sheet, which is allowed by hash, and inline images.
 */
import { createHash } from "node:crypto";
import type { Event } from "@deckhand/protocol";
import { toBlocks, stripControls, type Block } from "./blocks.ts";
import type { ExportFormat } from "./format.ts";

const style = `
:root { color-scheme: light dark; --line: light-dark(#e2ddd3, #2c3137); --panel: light-dark(#fffefb, #191c20);
  --muted: light-dark(#646a71, #9aa1a9); --user: light-dark(#e0efec, #173330); }
body { max-width: 48rem; margin: 2rem auto; padding: 0 1rem; font: 16px/1.6 system-ui, sans-serif;
  background: light-dark(#f6f4f0, #121417); color: light-dark(#1d2126, #e9e6e0); }
h1 { font-size: 1.4rem; overflow-wrap: anywhere; }
.message, pre { padding: .6rem .9rem; border: 1px solid var(--line); border-radius: .6rem; background: var(--panel); }
.message, .thought { white-space: pre-wrap; overflow-wrap: anywhere; margin: .8rem 0; }
.user { background: var(--user); }
.note, figcaption, footer { color: var(--muted); font-size: .85rem; overflow-wrap: anywhere; }
figure { margin: .8rem 0; }
pre { margin: .2rem 0 0; overflow-x: auto; font: 13px/1.5 ui-monospace, monospace; }
img { display: block; max-width: 100%; margin-top: .5rem; }
`;

const policy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash("sha256").update(style).digest("base64")}'`,
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

export const htmlFormat: ExportFormat = {
  contentType: "text/html; charset=utf-8",
  extension: "html",
  head: ({ title, exported }) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${escapeHtml(title || "Untitled")}</title>
<style>${style}</style>
</head>
<body>
<h1>${escapeHtml(title || "Untitled")}</h1>
<p class="note">Exported by Deckhand on ${escapeHtml(exported)}</p>
`,
  event: (event: Event) =>
    toBlocks(event)
      .map((block) => `${renderBlock(block)}\n`)
      .join(""),
  tail: "</body>\n</html>\n",
};

function renderBlock(block: Block): string {
  switch (block.type) {
    case "message": {
      const images = block.images.filter((url) => inlineImage.test(url)).map((url) => `<img alt="" src="${url}">`);
      return `<section class="message ${block.by}" aria-label="${block.by}">${escapeHtml(block.text.trim())}${images.join("")}</section>`;
    }
    case "thought":
      return `<p class="thought">${escapeHtml(block.text.trim())}</p>`;
    case "code":
      return `<figure><figcaption>${escapeHtml(block.label)}</figcaption><pre tabindex="0"><code>${escapeHtml(block.text)}</code></pre></figure>`;
    case "note":
      return `<p class="note">${escapeHtml(block.text)}</p>`;
  }
}

/** Matches no character that could end an attribute, and no SVG. */
const inlineImage = /^data:image\/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]+$/;

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escapeHtml(text: string): string {
  return stripControls(text).replaceAll(/[&<>"']/g, (character) => entities[character] ?? "");
}
