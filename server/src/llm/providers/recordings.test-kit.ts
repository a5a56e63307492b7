/** For tests: a provider that answers with its recordings, byte for byte, over HTTP. */
import { existsSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { TestContext } from "node:test";

export interface Playback {
  /** A base URL with a path, like those of providers. */
  readonly url: string;
  readonly requests: readonly {
    readonly path: string;
    readonly headers: IncomingMessage["headers"];
    readonly body: string;
  }[];
}

export interface Cut {
  /** The fraction of the body that is sent. */
  readonly at: number;
  /** The connection is reset, or the response ends normally. */
  readonly how: "reset" | "end";
}

interface Recording {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Splits frames, lines and characters, as networks do. */
const pieceBytes = 61;

export function hasRecording(folder: string, name: string): boolean {
  return existsSync(pathOf(folder, name));
}

/** Answers each request with the next recording, and repeats the last one. */
export async function playRecordings(
  t: TestContext,
  folder: string,
  names: readonly string[],
  cut?: Cut,
): Promise<Playback> {
  const recordings = names.map((name) => readRecording(pathOf(folder, name)));
  const requests: Playback["requests"][number][] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { status, headers, body } = recordings[Math.min(requests.length, recordings.length - 1)] as Recording;
      requests.push({ path: request.url ?? "", headers: request.headers, body: Buffer.concat(chunks).toString() });
      response.writeHead(status, headers);
      const sent = cut === undefined ? body : body.subarray(0, Math.floor(body.length * cut.at));
      for (let at = 0; at < sent.length; at += pieceBytes) response.write(sent.subarray(at, at + pieceBytes));
      if (cut?.how !== "reset") response.end();
      // Flushes what was written first.
      else response.write("", () => response.destroy());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/at`, requests };
}

function pathOf(folder: string, name: string): string {
  return join(import.meta.dirname, "recordings", folder, `${name}.http`);
}

/** A recording is a raw HTTP response: status line, headers, an empty line, the body. */
function readRecording(path: string): Recording {
  const bytes = readFileSync(path);
  const end = bytes.indexOf("\r\n\r\n");
  const [first = "", ...lines] = bytes.subarray(0, end).toString("latin1").split("\r\n");
  const headers = lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()]);
  return {
    status: Number(first.split(" ")[1]),
    headers: Object.fromEntries(headers) as Record<string, string>,
    body: bytes.subarray(end + 4),
  };
}
