/** `/api/conversations`: what is made of a conversation as a whole. A fork, a file, and a conversation from a file. */
import type { Hono } from "hono";
import { z } from "zod";
import { DeckhandError, type Event } from "@deckhand/protocol";
import type { ConversationsApi } from "../../conversation/api.ts";
import { toWireRow } from "../../wire/conversation-row.ts";
import type { ExportInfo, ExportFormat } from "../export/format.ts";
import { formats } from "../export/formats.ts";
import { readImport } from "../export/json-lines.ts";
import { parseBody, parseQuery } from "../input.ts";

const forkBody = z.object({ at: z.int().min(0).optional() });
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
    const about = { title: row.title, events: row.head + 1, exported: new Date().toISOString() };
    const text = textOf(format, about, conversations.pages(row.id, row.head));
    return c.body(ReadableStream.from(text).pipeThrough(new TextEncoderStream()), 200, {
      "Content-Type": format.contentType,
      "Content-Disposition": `attachment; filename="${fileName(row.title)}.${format.extension}"`,
    });
  });

  app.post("/api/conversations/import", async (c) => {
    const { title, events } = await readImport(c);
    const row = await conversations.import(events, title);
    c.header("Location", `/api/conversations/${row.id}`);
    return c.json(toWireRow(row), 201);
  });
}

async function* textOf(
  format: ExportFormat,
  about: ExportInfo,
  pages: AsyncIterable<readonly Event[]>,
): AsyncGenerator<string> {
  yield format.head(about);
  for await (const page of pages) yield page.map((event) => format.event(event)).join("");
  yield format.tail;
}

/** Letters and digits only: it goes into a header, and onto any file system. */
function fileName(title: string): string {
  const plain = title.normalize("NFKD").replaceAll(/[^A-Za-z0-9]+/g, "-");
  return (
    plain
      .slice(0, 60)
      .replaceAll(/^-+|-+$/g, "")
      .toLowerCase() || "conversation"
  );
}
