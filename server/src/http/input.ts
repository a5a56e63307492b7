/** What a request brings, checked: body, query, path. Fails with `bad_json` or `bad_args`. */
import type { Context } from "hono";
import { z } from "zod";
import { DeckhandError } from "@deckhand/protocol";

export async function bodyOf<T>(c: Context, schema: z.ZodType<T>): Promise<T> {
  const text = await c.req.text();
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

function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "the body"}: ${message}`);
  throw new DeckhandError("bad_args", problems.join("; "));
}
