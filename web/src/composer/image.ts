/** Images are part of the message as data URLs, scaled down to what models and a WebSocket frame accept. */

/** Models scale larger images down themselves. */
const maxSide = 1568;
/** Smaller files are sent unchanged. */
const maxUnchangedBytes = 400_000;
/** The maximum length of a data URL: eight of them fit into a frame of 8 MiB. */
export const maxImageChars = 900_000;
export const maxImages = 8;

const imageTypes: ReadonlySet<string> = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);

export function isImage(file: File): boolean {
  return imageTypes.has(file.type);
}

/** Undefined if the image cannot be made small enough or cannot be decoded. */
export async function toDataUrl(file: File): Promise<string | undefined> {
  try {
    const bitmap = await createImageBitmap(file);
    const scale = Math.min(1, maxSide / Math.max(bitmap.width, bitmap.height));
    if (scale === 1 && file.size <= maxUnchangedBytes) return await readAsDataUrl(file);
    for (const quality of [0.88, 0.7, 0.5]) {
      const url = await readAsDataUrl(await resize(bitmap, scale, quality));
      if (url.length <= maxImageChars) return url;
    }
  } catch {
    // The browser cannot decode this image.
  }
  return undefined;
}

async function resize(bitmap: ImageBitmap, scale: number, quality: number): Promise<Blob> {
  const canvas = new OffscreenCanvas(Math.round(bitmap.width * scale), Math.round(bitmap.height * scale));
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas.convertToBlob({ type: "image/webp", quality });
}

async function readAsDataUrl(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(typeof reader.result === "string" ? reader.result : ""));
    reader.addEventListener("error", () => reject(reader.error ?? new Error("The file could not be read.")));
    reader.readAsDataURL(blob);
  });
}
