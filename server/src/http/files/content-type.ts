/**
 * How a browser may treat a file that an agent wrote: as an image that cannot run code, as plain text, or as a
 * download. Decided by the first bytes and never by the name, so HTML and SVG are plain text.
 */
import { posix } from "node:path";

const imageSignatures: readonly (readonly [type: string, start: string])[] = [
  ["image/png", "\x89PNG\r\n\x1a\n"],
  ["image/jpeg", "\xff\xd8\xff"],
  ["image/gif", "GIF8"],
];

export function imageType(head: Uint8Array): string | undefined {
  const start = Buffer.from(head.subarray(0, 16)).toString("latin1");
  if (start.startsWith("RIFF") && start.startsWith("WEBP", 8)) return "image/webp";
  return imageSignatures.find(([, bytes]) => start.startsWith(bytes))?.[0];
}

/** `head`: the first 4096 bytes of the file, or all of a shorter one. */
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
    // Streaming mode tolerates a character that is cut off at the end.
    new TextDecoder("utf-8", { fatal: true }).decode(head, { stream: true });
    return true;
  } catch {
    return false;
  }
}
