/**
 * An image as a model is shown it: no larger than what models look at, and no more bytes than an event should have. Images are hostile and
 * slow to take apart: it is done in a thread, by WebAssembly, and not at all for one that says it has too many pixels.
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
  /** What it is in the file. */
  readonly original: { readonly type: ImageType; readonly width: number; readonly height: number };
}

/** What is asked of the thread. */
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

/** Providers make what is larger smaller themselves, after it was sent and paid for. */
const maxSide = 1568;
const maxBytes = 384 * 1024;
/** 4 bytes each while it is taken apart, and once more while it is made smaller. */
const maxPixels = 40_000_000;
const deadlineMs = 20_000;
const maxMegabytes = 128;

/** A sentence where it cannot be shown. Fails with the signal's reason. */
export async function imageForModel(
  bytes: Uint8Array,
  type: ImageType,
  signal: AbortSignal,
): Promise<ModelImage | string> {
  const size = imageSizeOf(bytes, type);
  if (size === undefined || size.width === 0 || size.height === 0) return "it is damaged";
  const { width, height } = size;
  if (width * height > maxPixels) return `it has ${width} × ${height} pixels, which is too much`;
  const original = { type, width, height };
  if (bytes.length <= maxBytes && Math.max(width, height) <= maxSide) {
    return { url: dataUrl(type, bytes), width, height, original };
  }
  const worker = new Worker(new URL("./image-worker.ts", import.meta.url), {
    workerData: { bytes, maxSide, maxBytes } satisfies ResizeRequest,
    resourceLimits: { maxOldGenerationSizeMb: maxMegabytes },
    env: {},
  });
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]);
    const [small] = (await once(worker, "message", { signal: limit })) as [ResizedImage];
    return { url: dataUrl(small.type, small.bytes), width: small.width, height: small.height, original };
  } catch {
    signal.throwIfAborted();
    return "it cannot be read";
  } finally {
    await worker.terminate();
  }
}

function dataUrl(type: string, bytes: Uint8Array): string {
  return `data:${type};base64,${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64")}`;
}
