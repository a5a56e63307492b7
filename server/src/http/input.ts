/** Reads and validates request bodies, queries and parameters. Fails with `bad_json`, `bad_args`, `frame_too_large`. */
import type { Context } from "hono";
import { z } from "zod";
import { DeckhandError } from "@deckhand/protocol";
import { parseFrame } from "../wire/parse-frame.ts";

/** Same limit as for a WebSocket frame; images in messages are data URLs. */
const maxBytes = 8 * 1024 * 1024;

export async function parseBody<T>(c: Context, schema: z.ZodType<T>): Promise<T> {
  const text = await readText(c);
  return validate(schema, parseObject(text === "" ? "{}" : text));
}

export function parseQuery<T>(c: Context, schema: z.ZodType<T>): T {
  return validate(schema, c.req.query());
}

export function parseParams<T>(c: Context, schema: z.ZodType<T>): T {
  return validate(schema, c.req.param());
}

function parseObject(text: string): object {
  try {
    return parseFrame(text);
  } catch (error) {
    const isJson = error instanceof DeckhandError && error.code !== "bad_json";
    throw isJson
      ? new DeckhandError("bad_args", "The request body must be a JSON object of moderate size and depth.", {
          cause: error,
        })
      : new DeckhandError("bad_json", "The request body is not valid JSON.", { cause: error });
  }
}

/** Stops at the limit, whatever `Content-Length` claims. */
async function readText(c: Context): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  if (Number(c.req.header("Content-Length")) > maxBytes) throw new DeckhandError("frame_too_large");
  for await (const chunk of c.req.raw.body ?? []) {
    size += chunk.byteLength;
    if (size > maxBytes) throw new DeckhandError("frame_too_large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function validate<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "body"}: ${message}`);
  throw new DeckhandError("bad_args", problems.join("; "));
}
