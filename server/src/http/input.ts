/** What a request brings, checked. Fails with `bad_json`, `bad_args` or `frame_too_large`. */
import type { Context } from "hono";
import { z } from "zod";
import { DeckhandError } from "@deckhand/protocol";

/** As much as a frame may have: pictures in messages are data URLs. */
const mostBytes = 8 * 1024 * 1024;

export async function bodyOf<T>(c: Context, schema: z.ZodType<T>): Promise<T> {
  const text = await textOf(c);
  let body: unknown;
  try {
    body = JSON.parse(text === "" ? "{}" : text);
  } catch {
    throw new DeckhandError("bad_json", "The body is not JSON.");
  }
  return checked(schema, body);
}

export function queryOf<T>(c: Context, schema: z.ZodType<T>): T {
  return checked(schema, c.req.query());
}

/** No further than it may go, whatever the request says of its length. */
async function textOf(c: Context): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  if (Number(c.req.header("Content-Length")) > mostBytes) throw new DeckhandError("frame_too_large");
  for await (const chunk of c.req.raw.body ?? []) {
    size += chunk.byteLength;
    if (size > mostBytes) throw new DeckhandError("frame_too_large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "the body"}: ${message}`);
  throw new DeckhandError("bad_args", problems.join("; "));
}
