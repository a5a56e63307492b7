/**
 * The JSON Lines format of exports, the only one that can be imported: a header line `{"deckhand_export": 1, …}`, then
 * one event per line. An imported file may come from anywhere, so each line is validated. It is read as a stream, and
 * at most one page of events is held in memory.
 */
import { z } from "zod";
import {
  DeckhandError,
  eventFields,
  eventSchemas,
  protocolVersion,
  upgradeEvent,
  type Event,
} from "@deckhand/protocol";
import { parseFrame } from "../../wire/parse-frame.ts";
import type { ExportFormat } from "./format.ts";

export const jsonLinesFormat: ExportFormat = {
  contentType: "application/x-ndjson",
  extension: "jsonl",
  head: (info) => `${JSON.stringify({ deckhand_export: 1, protocol: protocolVersion, ...info })}\n`,
  event: (event) => `${JSON.stringify(event)}\n`,
  tail: "",
};

export const maxImportBytes = 64 * 1024 * 1024;
/** No stored event is longer. */
const maxLineBytes = 16 * 1024 * 1024;
const pageEvents = 200;
const pageBytes = 1024 * 1024;

const headerLine = z.object({
  deckhand_export: z.literal(1),
  title: z.string().trim().max(200).default(""),
  events: z.int().min(0).optional(),
});

/** Events of unknown kinds are accepted if they have the fields that all events share. */
const object = z.record(z.string(), z.unknown());
const anyAction = z.object({ ...eventFields, action: z.string(), args: object });
const anyObservation = z.object({
  ...eventFields,
  observation: z.string(),
  content: z.string(),
  extras: object,
  cause: z.int().min(0).optional(),
});

export interface ExportFile {
  readonly title: string;
  /** Pages of events. Fails with `bad_args` and the number of the line, or with `frame_too_large`. */
  readonly events: AsyncIterable<readonly Event[]>;
}

/** Reads the header. Fails as the iteration over the events does. */
export async function readExport(file: AsyncIterable<Uint8Array>): Promise<ExportFile> {
  const lines = splitLines(file)[Symbol.asyncIterator]();
  const first = await lines.next();
  const { title, events } = validate(1, headerLine, parseLine(1, first.done === true ? "" : first.value));
  return { title, events: readEvents({ [Symbol.asyncIterator]: () => lines }, events) };
}

async function* readEvents(
  lines: AsyncIterable<string>,
  expectedCount: number | undefined,
): AsyncGenerator<readonly Event[]> {
  let page: Event[] = [];
  let bytes = 0;
  let next = 0;
  for await (const line of lines) {
    page.push(readEvent(line, next));
    next += 1;
    bytes += line.length;
    if (page.length < pageEvents && bytes < pageBytes) continue;
    yield page;
    page = [];
    bytes = 0;
  }
  if (expectedCount !== undefined && expectedCount !== next) {
    throw new DeckhandError(
      "bad_args",
      `The file has ${next} events instead of ${expectedCount}. It may be truncated.`,
    );
  }
  if (page.length > 0) yield page;
}

function readEvent(line: string, expected: number): Event {
  const number = expected + 2;
  const value = upgradeEvent(parseLine(number, line));
  const { id, cause } = validate(number, schemaFor(value), value) as { readonly id: number; readonly cause?: number };
  if (id !== expected) throw invalidLine(number, `the id is ${id} instead of ${expected}`);
  if (cause !== undefined && cause >= id) throw invalidLine(number, "its cause is not an earlier event");
  // Not the parsed data, so that unknown fields are kept.
  return value as unknown as Event;
}

function schemaFor(value: Readonly<Record<string, unknown>>): z.ZodType {
  const { actions, observations } = eventSchemas;
  const known = (kinds: Readonly<Record<string, z.ZodType>>, kind: unknown): z.ZodType | undefined =>
    typeof kind === "string" && Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
  return "action" in value
    ? (known(actions, value["action"]) ?? anyAction)
    : (known(observations, value["observation"]) ?? anyObservation);
}

function parseLine(number: number, line: string): Readonly<Record<string, unknown>> {
  try {
    return parseFrame(line);
  } catch (error) {
    throw invalidLine(number, "it must be a JSON object of moderate depth", error);
  }
}

function validate<T>(number: number, schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => `${path.join(".") || "line"}: ${message}`);
  throw invalidLine(number, problems.slice(0, 3).join("; "));
}

function invalidLine(line: number, why: string, cause?: unknown): DeckhandError {
  return new DeckhandError("bad_args", `Line ${line} is not part of an export: ${why}.`, { cause });
}

export function tooLarge(): DeckhandError {
  return new DeckhandError("frame_too_large", "An import may have up to 64 MiB in total and 16 MiB per line.");
}

/** Lines without terminators. Only at the end of the file is an empty line dropped. */
async function* splitLines(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let partial: string[] = [];
  let partialBytes = 0;
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    partialBytes += chunk.byteLength;
    if (size > maxImportBytes || partialBytes > maxLineBytes) throw tooLarge();
    const pieces = decoder.decode(chunk, { stream: true }).split("\n");
    const last = pieces.pop() ?? "";
    for (const piece of pieces) {
      yield partial.join("") + piece;
      partial = [];
      partialBytes = last.length;
    }
    partial.push(last);
  }
  const rest = partial.join("") + decoder.decode();
  if (rest.trim() !== "") yield rest;
}
