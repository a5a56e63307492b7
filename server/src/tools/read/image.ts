/**
 * Prepares an image for a model: no larger than models use, and no more bytes than an event should have. Images are
 * untrusted and slow to decode, so WebAssembly in a worker thread does it, and images with too many pixels are refused.
 */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { imageSizeOf } from "./image-size.ts";
import type { ImageType } from "./file-type.ts";

export interface ModelImage {
  /** A `data:` URL. */
  readonly url: string;
  readonly width: number;
  readonly height: number;
  /** The image in the file. */
  readonly original: { readonly type: ImageType; readonly width: number; readonly height: number };
}

/** Sent to the worker thread. */
export interface ResizeRequest {
  readonly bytes: Uint8Array;
  readonly maxSide: number;
  readonly maxBytes: number;
}

export interface ResizedImage {
  readonly bytes: Uint8Array;
  readonly type: string;
  readonly width: number;
  readonly height: number;
}

/** Providers scale larger images down themselves, after they were sent and paid for. */
const maxSide = 1568;
const maxBytes = 384 * 1024;
/** Each takes 4 bytes when decoded, and 4 more while the image is resized. */
const maxPixels = 40_000_000;
const timeoutMs = 20_000;
const maxWorkerMegabytes = 128;

export type ImageResult =
  | { readonly type: "image"; readonly image: ModelImage }
  /** Why, as the end of a sentence. */
  | { readonly type: "unreadable"; readonly reason: string };

/** Fails with the signal's reason. */
export async function imageForModel(bytes: Uint8Array, type: ImageType, signal: AbortSignal): Promise<ImageResult> {
  const size = imageSizeOf(bytes, type);
  if (size === undefined || size.width === 0 || size.height === 0) return unreadable("it is damaged");
  const { width, height } = size;
  if (width * height > maxPixels) return unreadable(`it has ${width} × ${height} pixels, which is too many`);
  const original = { type, width, height };
  if (bytes.length <= maxBytes && Math.max(width, height) <= maxSide) {
    return { type: "image", image: { url: dataUrl(type, bytes), width, height, original } };
  }
  const worker = new Worker(new URL("./image-worker.ts", import.meta.url), {
    workerData: { bytes, maxSide, maxBytes } satisfies ResizeRequest,
    resourceLimits: { maxOldGenerationSizeMb: maxWorkerMegabytes },
    env: {},
  });
  try {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    const [resized] = (await once(worker, "message", { signal: limited })) as [ResizedImage];
    const image = { url: dataUrl(resized.type, resized.bytes), width: resized.width, height: resized.height, original };
    return { type: "image", image };
  } catch {
    signal.throwIfAborted();
    return unreadable("it cannot be decoded");
  } finally {
    await worker.terminate();
  }
}

function unreadable(reason: string): ImageResult {
  return { type: "unreadable", reason };
}

function dataUrl(type: string, bytes: Uint8Array): string {
  return `data:${type};base64,${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64")}`;
}
