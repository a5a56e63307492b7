/** The thread of `image.ts`: an image in, a smaller one out. */
import { parentPort, workerData } from "node:worker_threads";
import { PhotonImage, resize, SamplingFilter } from "@silvia-odwyer/photon-node";
import type { ResizeRequest, ResizedImage } from "./image.ts";

/** Of a JPEG: text in screenshots stays readable. */
const qualities = [85, 70, 50];
const leastSide = 256;

function smaller({ bytes, maxSide, maxBytes }: ResizeRequest): ResizedImage {
  const whole = PhotonImage.new_from_byteslice(bytes);
  const [width, height] = [whole.get_width(), whole.get_height()];
  for (let side = maxSide; ; side = Math.round(side * 0.7)) {
    const share = Math.min(1, side / Math.max(width, height));
    const [w, h] = [Math.max(1, Math.round(width * share)), Math.max(1, Math.round(height * share))];
    const sized = share === 1 ? whole : resize(whole, w, h, SamplingFilter.Triangle);
    const png = sized.get_bytes();
    if (png.length <= maxBytes) return { bytes: png, type: "image/png", width: w, height: h };
    for (const quality of qualities) {
      const jpeg = sized.get_bytes_jpeg(quality);
      if (jpeg.length <= maxBytes || side < leastSide) return { bytes: jpeg, type: "image/jpeg", width: w, height: h };
    }
    if (sized !== whole) sized.free();
  }
}

parentPort?.postMessage(smaller(workerData as ResizeRequest));
