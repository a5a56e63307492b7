/** What a request brings, checked. Fails with `bad_json`, `bad_args` or `frame_too_large`. */
import type { Context } from "hono";
import { z } from "zod";
import { DeckhandError } from "@deckhand/protocol";
import { parseFrame } from "../wire/parse-frame.ts";

/** As much as a frame may have: pictures in messages are data URLs. */
const mostBytes = 8 * 1024 * 1024;

export async function parseBody<T>(c: Context, schema: z.ZodType<T>): Promise<T> {
  const text = await textOf(c);
  return checked(schema, objectOf(text === "" ? "{}" : text));
}

export function parseQuery<T>(c: Context, schema: z.ZodType<T>): T {
  return checked(schema, c.req.query());
}

export function parseParams<T>(c: Context, schema: z.ZodType<T>): T {
  return checked(schema, c.req.param());
}

function objectOf(text: string): object {
  try {
    return parseFrame(text);
  } catch (error) {
    const isJson = error instanceof DeckhandError && error.code !== "bad_json";
    throw isJson
      ? new DeckhandError("bad_args", "The body is no JSON object, or far too deep.", { cause: error })
      : new DeckhandError("bad_json", "The body is not JSON.", { cause: error });
  }
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
