/**
 * The file that an export in JSON lines is: a first line `{"deckhand_export": 1, …}`, then the events, one a line. It comes
 * from anywhere, so each line is checked; it is read as it comes, and no more than a page of it is held.
 */
import type { Context } from "hono";
import { z } from "zod";
import { DeckhandError, eventFields, eventSchemas, type Event } from "@deckhand/protocol";
import { parseFrame } from "../../wire/parse-frame.ts";

/** The whole file; and one line: no event that was stored here is longer. */
const mostBytes = 64 * 1024 * 1024;
const mostLineBytes = 16 * 1024 * 1024;
const pageEvents = 200;
const pageBytes = 1024 * 1024;

const header = z.object({
  deckhand_export: z.literal(1),
  title: z.string().trim().max(200).default(""),
  events: z.int().min(0).optional(),
});

/** Kinds that are not known here pass; what every event has they have too. */
const object = z.record(z.string(), z.unknown());
const anyAction = z.object({ ...eventFields, action: z.string(), args: object });
const anyObservation = z.object({
  ...eventFields,
  observation: z.string(),
  content: z.string(),
  extras: object,
  cause: z.int().min(0).optional(),
});

export interface Import {
  readonly title: string;
  /** Fails with `bad_json`, `bad_args` and the number of the line, or with `frame_too_large`. */
  readonly events: AsyncIterable<readonly Event[]>;
}

/** Fails as its events do, for the first line. */
export function readImport(c: Context): Promise<Import> {
  if (Number(c.req.header("Content-Length")) > mostBytes) throw tooLarge();
  return readExport(c.req.raw.body ?? new Blob([]).stream());
}

/** Fails as its events do, for the first line. */
export async function readExport(file: AsyncIterable<Uint8Array>): Promise<Import> {
  const lines = linesOf(file)[Symbol.asyncIterator]();
  const first = await lines.next();
  const { title, events } = checked(1, header, parsed(1, first.done === true ? "" : first.value));
  return { title, events: eventsOf({ [Symbol.asyncIterator]: () => lines }, events) };
}

async function* eventsOf(lines: AsyncIterable<string>, promised: number | undefined): AsyncGenerator<readonly Event[]> {
  let page: Event[] = [];
  let bytes = 0;
  let next = 0;
  for await (const line of lines) {
    page.push(eventOf(line, next));
    next += 1;
    bytes += line.length;
    if (page.length < pageEvents && bytes < pageBytes) continue;
    yield page;
    page = [];
    bytes = 0;
  }
  if (promised !== undefined && promised !== next) {
    throw new DeckhandError("bad_args", `The file ends after ${next} events of ${promised}: it is not whole.`);
  }
  if (page.length > 0) yield page;
}

function eventOf(line: string, expected: number): Event {
  const number = expected + 2;
  const value = parsed(number, line);
  const { id, cause } = checked(number, schemaOf(value), value) as { readonly id: number; readonly cause?: number };
  if (id !== expected) throw bad(number, `the id is ${id} and should be ${expected}`);
  if (cause !== undefined && cause >= id) throw bad(number, "the cause comes after it");
  // As it came: a field that is not known here stays.
  return value as unknown as Event;
}

function schemaOf(value: Readonly<Record<string, unknown>>): z.ZodType {
  const { actions, observations } = eventSchemas;
  const known = (kinds: Readonly<Record<string, z.ZodType>>, kind: unknown): z.ZodType | undefined =>
    typeof kind === "string" && Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
  return "action" in value
    ? (known(actions, value["action"]) ?? anyAction)
    : (known(observations, value["observation"]) ?? anyObservation);
}

function parsed(number: number, line: string): Readonly<Record<string, unknown>> {
  try {
    return parseFrame(line);
  } catch (error) {
    throw bad(number, "it is no JSON object, or far too deep", error);
  }
}

function checked<T>(number: number, schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => `${path.join(".") || "it"}: ${message}`);
  throw bad(number, problems.slice(0, 3).join("; "));
}

function bad(line: number, why: string, cause?: unknown): DeckhandError {
  return new DeckhandError("bad_args", `Line ${line} is not of an export: ${why}.`, { cause });
}

function tooLarge(): DeckhandError {
  return new DeckhandError("frame_too_large", "An import has up to 64 MiB, and up to 16 MiB a line.");
}

/** Without their ends; an empty one is left out only at the end. */
async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let begun: string[] = [];
  let begunBytes = 0;
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    begunBytes += chunk.byteLength;
    if (size > mostBytes || begunBytes > mostLineBytes) throw tooLarge();
    const pieces = decoder.decode(chunk, { stream: true }).split("\n");
    const last = pieces.pop() ?? "";
    for (const piece of pieces) {
      yield begun.join("") + piece;
      begun = [];
      begunBytes = last.length;
    }
    begun.push(last);
  }
  const rest = begun.join("") + decoder.decode();
  if (rest.trim() !== "") yield rest;
}
