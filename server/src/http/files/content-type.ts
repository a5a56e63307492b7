/**
 * As what a browser may take a file that an agent wrote: a picture that can run nothing, plain text, or something to be saved. By its first
 * bytes and never by its name, so a page or an SVG is text.
 */
import { posix } from "node:path";

const pictures: readonly (readonly [type: string, start: string])[] = [
  ["image/png", "\x89PNG\r\n\x1a\n"],
  ["image/jpeg", "\xff\xd8\xff"],
  ["image/gif", "GIF8"],
];

export function imageType(head: Uint8Array): string | undefined {
  const start = Buffer.from(head.subarray(0, 16)).toString("latin1");
  if (start.startsWith("RIFF") && start.startsWith("WEBP", 8)) return "image/webp";
  return pictures.find(([, bytes]) => start.startsWith(bytes))?.[0];
}

/** `head`: its first 4096 bytes, or all. */
export function contentHeaders(path: string, head: Uint8Array): Readonly<Record<string, string>> {
  const type = imageType(head) ?? (isText(head) ? "text/plain; charset=utf-8" : undefined);
  const name = encodeURIComponent(posix.basename(path).toWellFormed()).replaceAll(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16)}`,
  );
  return {
    "Content-Type": type ?? "application/octet-stream",
    // RFC 6266 and RFC 8187.
    "Content-Disposition": `${type === undefined ? "attachment" : "inline"}; filename*=UTF-8''${name}`,
  };
}

function isText(head: Uint8Array): boolean {
  if (head.includes(0)) return false;
  try {
    // A character may be cut at the end.
    new TextDecoder("utf-8", { fatal: true }).decode(head, { stream: true });
    return true;
  } catch {
    return false;
  }
}
