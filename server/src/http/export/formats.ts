/** The formats in which a conversation leaves, by the name that the route takes. */
import { protocolVersion } from "@deckhand/protocol";
import type { ExportFormat } from "./format.ts";
import { htmlFormat } from "./html.ts";
import { markdownFormat } from "./markdown.ts";

/** The log as it is; the one that can be imported. */
const jsonLinesFormat: ExportFormat = {
  contentType: "application/x-ndjson",
  extension: "jsonl",
  head: (about) => `${JSON.stringify({ deckhand_export: 1, protocol: protocolVersion, ...about })}\n`,
  event: (event) => `${JSON.stringify(event)}\n`,
  tail: "",
};

export const formats = {
  jsonl: jsonLinesFormat,
  markdown: markdownFormat,
  html: htmlFormat,
} as const satisfies Record<string, ExportFormat>;
