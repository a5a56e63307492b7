/** Reads an image's dimensions from its header, before memory is allocated for its pixels. */
import type { ImageType } from "./file-type.ts";

export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/** Undefined if the header is damaged. */
export function imageSizeOf(bytes: Uint8Array, type: ImageType): ImageSize | undefined {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    switch (type) {
      case "image/png":
        return { width: data.readUInt32BE(16), height: data.readUInt32BE(20) };
      case "image/gif":
        return { width: data.readUInt16LE(6), height: data.readUInt16LE(8) };
      case "image/webp":
        return webp(data);
      case "image/jpeg":
        return jpeg(data);
    }
  } catch {
    return undefined;
  }
}

/** RFC 9649: the first chunk is VP8X, VP8L or VP8. */
function webp(data: Buffer): ImageSize | undefined {
  switch (data.toString("latin1", 12, 16)) {
    case "VP8X":
      return { width: data.readUIntLE(24, 3) + 1, height: data.readUIntLE(27, 3) + 1 };
    case "VP8L": {
      const bits = data.readUInt32LE(21);
      return { width: (bits & 0x3fff) + 1, height: ((bits >> 14) & 0x3fff) + 1 };
    }
    case "VP8 ":
      return { width: data.readUInt16LE(26) & 0x3fff, height: data.readUInt16LE(28) & 0x3fff };
    default:
      return undefined;
  }
}

/** ITU T.81: skips segments up to the frame header (SOF0 … SOF15, except DHT, JPG and DAC). */
function jpeg(data: Buffer): ImageSize | undefined {
  for (let at = 2; at + 9 < data.length;) {
    if (data[at] !== 0xff) return undefined;
    const marker = data[at + 1] ?? 0;
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      return { width: data.readUInt16BE(at + 7), height: data.readUInt16BE(at + 5) };
    }
    at += marker === 0xff ? 1 : 2 + data.readUInt16BE(at + 2);
  }
  return undefined;
}
