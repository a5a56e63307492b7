/** The worker thread of `image.ts`: an image in, a smaller one out. */
import { parentPort, workerData } from "node:worker_threads";
import { PhotonImage, resize, SamplingFilter } from "@silvia-odwyer/photon-node";
import type { ResizeRequest, ResizedImage } from "./image.ts";

/** JPEG qualities at which text in screenshots stays readable. */
const qualities = [85, 70, 50];
const minSide = 256;

function shrink({ bytes, maxSide, maxBytes }: ResizeRequest): ResizedImage {
  const image = PhotonImage.new_from_byteslice(bytes);
  const [width, height] = [image.get_width(), image.get_height()];
  for (let side = maxSide; ; side = Math.round(side * 0.7)) {
    const scale = Math.min(1, side / Math.max(width, height));
    const [w, h] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
    const resized = scale === 1 ? image : resize(image, w, h, SamplingFilter.Triangle);
    const png = resized.get_bytes();
    if (png.length <= maxBytes) return { bytes: png, type: "image/png", width: w, height: h };
    for (const quality of qualities) {
      const jpeg = resized.get_bytes_jpeg(quality);
      if (jpeg.length <= maxBytes || side < minSide) return { bytes: jpeg, type: "image/jpeg", width: w, height: h };
    }
    if (resized !== image) resized.free();
  }
}

parentPort?.postMessage(shrink(workerData as ResizeRequest));
