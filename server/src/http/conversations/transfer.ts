/** `/api/conversations`: fork, export and import whole conversations. */
import type { Hono } from "hono";
import { z } from "zod";
import { DeckhandError, type Event } from "@deckhand/protocol";
import type { ConversationsApi } from "../../conversation/api.ts";
import { toWireRow } from "../../wire/conversation-row.ts";
import type { ExportFormat, ExportInfo } from "../export/format.ts";
import { htmlFormat } from "../export/html.ts";
import { jsonLinesFormat, maxImportBytes, readExport, tooLarge } from "../export/json-lines.ts";
import { markdownFormat } from "../export/markdown.ts";
import { parseBody, parseQuery } from "../input.ts";

const forkBody = z.object({ at: z.int().min(0).optional() });
const formats = { jsonl: jsonLinesFormat, markdown: markdownFormat, html: htmlFormat } as const;
const exportQuery = z.object({ format: z.enum(["jsonl", "markdown", "html"]).default("jsonl") });

export function transferRoutes(app: Hono, conversations: ConversationsApi): void {
  app.post("/api/conversations/:id/fork", async (c) => {
    const { at } = await parseBody(c, forkBody);
    const row = await conversations.fork(c.req.param("id"), at);
    c.header("Location", `/api/conversations/${row.id}`);
    return c.json(toWireRow(row), 201);
  });

  app.get("/api/conversations/:id/export", async (c) => {
    const format = formats[parseQuery(c, exportQuery).format];
    const row = await conversations.row(c.req.param("id"));
    if (row === undefined) throw new DeckhandError("unknown_conversation");
    const info = { title: row.title, events: row.head + 1, exported: new Date().toISOString() };
    const text = renderExport(format, info, conversations.pages(row.id, row.head));
    return c.body(ReadableStream.from(text).pipeThrough(new TextEncoderStream()), 200, {
      "Content-Type": format.contentType,
      "Content-Disposition": `attachment; filename="${fileName(row.title)}.${format.extension}"`,
    });
  });

  app.post("/api/conversations/import", async (c) => {
    if (Number(c.req.header("Content-Length")) > maxImportBytes) throw tooLarge();
    const { title, events } = await readExport(c.req.raw.body ?? new Blob([]).stream());
    const row = await conversations.import(events, title);
    c.header("Location", `/api/conversations/${row.id}`);
    return c.json(toWireRow(row), 201);
  });
}

async function* renderExport(
  format: ExportFormat,
  info: ExportInfo,
  pages: AsyncIterable<readonly Event[]>,
): AsyncGenerator<string> {
  yield format.head(info);
  for await (const page of pages) yield page.map((event) => format.event(event)).join("");
  yield format.tail;
}

/** ASCII letters, digits and dashes only, which are safe in a header and on any file system. */
function fileName(title: string): string {
  const ascii = title.normalize("NFKD").replaceAll(/[^A-Za-z0-9]+/g, "-");
  return (
    ascii
      .slice(0, 60)
      .replaceAll(/^-+|-+$/g, "")
      .toLowerCase() || "conversation"
  );
}
