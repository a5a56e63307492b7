/** Sends a file of the workspace, with conditional and range requests (RFC 9110, sections 13 and 14). */
import type { Context } from "hono";
import { readChunks, type FileStat } from "../../files/content.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { contentHeaders } from "./content-type.ts";

export async function sendFile(c: Context, runtime: Runtime, path: string, stat: FileStat): Promise<Response> {
  const { signal } = c.req.raw;
  c.header("ETag", `"${stat.tag}"`);
  c.header("Last-Modified", stat.modifiedAt.toUTCString());
  c.header("Accept-Ranges", "bytes");
  if (parseTags(c.req.header("If-None-Match") ?? "").includes(stat.tag)) return c.body(null, 304);
  const ifRange = c.req.header("If-Range");
  const mayUseRange = ifRange === undefined || parseTags(ifRange).includes(stat.tag);
  const range = mayUseRange ? parseRange(c.req.header("Range"), stat.sizeBytes) : undefined;
  if (range === "unsatisfiable") {
    c.header("Content-Range", `bytes */${stat.sizeBytes}`);
    return c.body(null, 416);
  }
  const { start, end } = range ?? { start: 0, end: stat.sizeBytes };
  const beginning = { start: 0, end: Math.min(stat.sizeBytes, 4096) };
  const { value: head = new Uint8Array() } = await readChunks(runtime, path, beginning, signal).next();
  for (const [name, value] of Object.entries(contentHeaders(path, head))) c.header(name, value);
  c.header("Content-Length", String(end - start));
  if (range !== undefined) c.header("Content-Range", `bytes ${start}-${end - 1}/${stat.sizeBytes}`);
  const body = ReadableStream.from(readChunks(runtime, path, { start, end }, signal));
  return c.body(body, range === undefined ? 200 : 206);
}

/** The entity tags of a header, without quotes. Weak tags are treated as strong. */
export function parseTags(header: string): readonly string[] {
  return header.split(",").map((tag) => tag.trim().replace(/^(?:W\/)?"(.*)"$/, "$1"));
}

/** A single byte range with exclusive `end` (RFC 9110, 14.1.2); undefined to send the whole file, also for several. */
function parseRange(
  header: string | undefined,
  sizeBytes: number,
): { readonly start: number; readonly end: number } | "unsatisfiable" | undefined {
  const [, first, last] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? "") ?? [];
  if (first === undefined || last === undefined || (first === "" && last === "")) return undefined;
  if (first === "") {
    const count = Math.min(Number(last), sizeBytes);
    return count === 0 ? "unsatisfiable" : { start: sizeBytes - count, end: sizeBytes };
  }
  const start = Number(first);
  if (last !== "" && Number(last) < start) return undefined;
  if (start >= sizeBytes) return "unsatisfiable";
  return { start, end: last === "" ? sizeBytes : Math.min(Number(last) + 1, sizeBytes) };
}
