/** The output of commands, each ended by a marker in the stream: see shell-launcher.ts. */
import type { Readable } from "node:stream";
import type { OutputSource } from "../shell/shell-streams.ts";

/** If a marker does not arrive (the launcher was killed), draining ends after this much silence. */
const silenceMs = 150;

export interface MarkedOutput extends OutputSource {
  /** Sets the nonce of the marker that ends the output of a command. Markers are removed from the output. */
  setNonce(nonce: string): void;
  /** A command starts: the next `drain` waits for its marker. */
  expect(): void;
}

export function markedOutput(stream: Readable): MarkedOutput {
  let listener: (bytes: Buffer) => void = () => {};
  let marker: Buffer = Buffer.alloc(0);
  let pending: Buffer = Buffer.alloc(0);
  let isMarked = true;
  let wake = () => {};
  let draining: Promise<void> | undefined;
  const emit = (bytes: Buffer) => bytes.length > 0 && listener(bytes);

  const onBytes = (bytes: Buffer) => {
    let rest = pending.length === 0 ? bytes : Buffer.concat([pending, bytes]);
    for (let at = find(rest, marker); at >= 0; at = find(rest, marker)) {
      emit(rest.subarray(0, at));
      rest = rest.subarray(at + marker.length);
      isMarked = true;
    }
    const keep = partialMarkerLength(rest, marker);
    emit(rest.subarray(0, rest.length - keep));
    pending = rest.subarray(rest.length - keep);
    wake();
  };
  stream.on("data", onBytes);
  stream.on("error", () => {});
  stream.on("close", () => wake());

  const drain = async () => {
    stream.resume();
    while (!isMarked && !stream.closed) {
      const isSilent = await new Promise<boolean>((resolve) => {
        const timer = setTimeout(() => resolve(true), silenceMs);
        wake = () => {
          clearTimeout(timer);
          resolve(false);
        };
      });
      if (isSilent) isMarked = true;
    }
  };

  return {
    pause: () => void stream.pause(),
    resume: () => void stream.resume(),
    onData(next) {
      listener = next;
    },
    setNonce(nonce) {
      marker = Buffer.from(`\0${nonce}\0`, "latin1");
    },
    expect() {
      isMarked = false;
    },
    drain() {
      draining ??= drain().finally(() => (draining = undefined));
      return draining;
    },
  };
}

function find(bytes: Buffer, marker: Buffer): number {
  return marker.length === 0 ? -1 : bytes.indexOf(marker);
}

/** Number of bytes at the end that may be the beginning of a marker. */
function partialMarkerLength(bytes: Buffer, marker: Buffer): number {
  if (marker.length === 0) return 0;
  const from = Math.max(0, bytes.length - marker.length + 1);
  for (let at = bytes.indexOf(0, from); at >= 0; at = bytes.indexOf(0, at + 1)) {
    if (bytes.subarray(at).equals(marker.subarray(0, bytes.length - at))) return bytes.length - at;
  }
  return 0;
}
