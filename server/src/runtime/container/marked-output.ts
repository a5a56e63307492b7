/** What commands print, up to a mark in it: keeper.ts says why. */
import type { Readable } from "node:stream";
import type { OutputSource } from "../shell/shell-streams.ts";

/** A mark that does not come (the keeper was killed) is waited for until nothing has come for this long. */
const silenceMs = 150;

export interface MarkedOutput extends OutputSource {
  /** From now on this nonce marks the end of a command's output; the mark itself is left out. */
  setNonce(nonce: string): void;
  /** A command begins: the next `drain` waits for its mark. */
  expect(): void;
}

export function markedOutput(stream: Readable): MarkedOutput {
  let listener: (bytes: Buffer) => void = () => {};
  let mark: Buffer = Buffer.alloc(0);
  let held: Buffer = Buffer.alloc(0);
  let marked = true;
  let wake = () => {};
  let draining: Promise<void> | undefined;
  const hand = (bytes: Buffer) => bytes.length > 0 && listener(bytes);

  const onBytes = (bytes: Buffer) => {
    let rest = held.length === 0 ? bytes : Buffer.concat([held, bytes]);
    for (let at = find(rest, mark); at >= 0; at = find(rest, mark)) {
      hand(rest.subarray(0, at));
      rest = rest.subarray(at + mark.length);
      marked = true;
    }
    const keep = partLength(rest, mark);
    hand(rest.subarray(0, rest.length - keep));
    held = rest.subarray(rest.length - keep);
    wake();
  };
  stream.on("data", onBytes);
  stream.on("error", () => {});
  stream.on("close", () => wake());

  const drained = async () => {
    stream.resume();
    while (!marked && !stream.closed) {
      const silent = await new Promise<boolean>((resolve) => {
        const late = setTimeout(() => resolve(true), silenceMs);
        wake = () => {
          clearTimeout(late);
          resolve(false);
        };
      });
      if (silent) marked = true;
    }
  };

  return {
    pause: () => void stream.pause(),
    resume: () => void stream.resume(),
    onData(next) {
      listener = next;
    },
    setNonce(nonce) {
      mark = Buffer.from(`\0${nonce}\0`, "latin1");
    },
    expect() {
      marked = false;
    },
    drain() {
      draining ??= drained().finally(() => (draining = undefined));
      return draining;
    },
  };
}

function find(bytes: Buffer, mark: Buffer): number {
  return mark.length === 0 ? -1 : bytes.indexOf(mark);
}

/** Bytes at the end that may be the beginning of a mark. */
function partLength(bytes: Buffer, mark: Buffer): number {
  if (mark.length === 0) return 0;
  const from = Math.max(0, bytes.length - mark.length + 1);
  for (let at = bytes.indexOf(0, from); at >= 0; at = bytes.indexOf(0, at + 1)) {
    if (bytes.subarray(at).equals(mark.subarray(0, bytes.length - at))) return bytes.length - at;
  }
  return 0;
}
