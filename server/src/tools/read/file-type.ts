/** Recognizes files that are not text by their first bytes. */

export type ImageType = "image/png" | "image/jpeg" | "image/gif" | "image/webp";

const signatures: readonly (readonly [string, string])[] = [
  ["\x7fELF", "an ELF program or library"],
  ["%PDF-", "a PDF document"],
  ["PK\x03\x04", "a zip archive (or a document or package in that format)"],
  ["\x1f\x8b", "gzip data"],
  ["BZh", "bzip2 data"],
  ["\xfd7zXZ\0", "xz data"],
  ["\x28\xb5\x2f\xfd", "zstd data"],
  ["7z\xbc\xaf\x27\x1c", "a 7-Zip archive"],
  ["SQLite format 3\0", "an SQLite database"],
  ["\0asm", "a WebAssembly module"],
  ["\xca\xfe\xba\xbe", "a Java class"],
  ["MZ", "a Windows program or library"],
  ["OggS", "Ogg audio or video"],
  ["ID3", "MP3 audio"],
  ["fLaC", "FLAC audio"],
  ["wOF2", "a font"],
  ["\0\x01\0\0", "a font"],
  ["\xff\xfe", "UTF-16 text"],
  ["\xfe\xff", "UTF-16 text"],
];

export function imageTypeOf(data: Uint8Array): ImageType | undefined {
  const head = Buffer.from(data.subarray(0, 12)).toString("latin1");
  if (head.startsWith("\x89PNG\r\n\x1a\n")) return "image/png";
  if (head.startsWith("\xff\xd8\xff")) return "image/jpeg";
  if (head.startsWith("GIF87a") || head.startsWith("GIF89a")) return "image/gif";
  return head.startsWith("RIFF") && head.slice(8) === "WEBP" ? "image/webp" : undefined;
}

/** Such as "gzip data". */
export function describeType(data: Uint8Array): string {
  const head = Buffer.from(data.subarray(0, 300)).toString("latin1");
  const known = signatures.find(([signature]) => head.startsWith(signature))?.[1];
  return known ?? (head.slice(257, 262) === "ustar" ? "a tar archive" : "not text");
}
