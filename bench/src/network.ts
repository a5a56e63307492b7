/** The cost of the network proxy: curl in the sandbox, compared with the same curl target. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import { connect } from "@deckhand/client";
import { isAction } from "@deckhand/protocol";
import { ServerProcess } from "@deckhand/test/server-process";
import { median, table } from "./table.ts";

const requests = 200;
const downloadBytes = 128 * 1024 * 1024;

export async function measureNetwork(): Promise<string> {
  const chunk = Buffer.alloc(1024 * 1024);
  const target = createServer((request, response) => {
    if (request.url !== "/big") return void response.end("ok\n");
    let remaining = downloadBytes;
    const send = (): void => {
      while (remaining > 0) {
        remaining -= chunk.length;
        if (!response.write(chunk)) return void response.once("drain", send);
      }
      response.end();
    };
    send();
  });
  target.listen(0, "127.0.0.1");
  await once(target, "listening");
  const { port } = target.address() as AddressInfo;
  const host = `127.0.0.1:${port}`;
  try {
    await using server = await ServerProcess.start({ env: { LLM_MODEL: "demo", DECKHAND_NETWORK_ALLOW: host } });
    // A connection per request, as through the proxy.
    const small = `curl -s --noproxy x -H 'Connection: close' -o /dev/null -w '%{time_total}\\n' 'http://${host}/[1-${requests}]'`;
    const big = (tunnel: string): string =>
      `curl -s --noproxy x ${tunnel} -o /dev/null -w '%{speed_download}\\n' http://${host}/big`;
    const direct = [await bash(small), await bash(big(""))];
    const through = await inSandbox(server, [small, big(""), big("-p")]);
    const [ms, proxyMs] = [direct, through].map(([lines = ""]) => 1000 * median(numbers(lines)));
    const megabytes = (lines: string | undefined): number => median(numbers(lines ?? "")) / 1e6;
    return table(
      ["figure", "through the proxy", "direct", "ratio"],
      [
        ["request (ms, p50)", ...compare(ms ?? 0, proxyMs ?? 0, 2)],
        ["download (MB/s)", ...compare(megabytes(direct[1]), megabytes(through[1]), 0)],
        ["download through a tunnel (MB/s)", ...compare(megabytes(direct[1]), megabytes(through[2]), 0)],
      ],
    );
  } finally {
    target.close();
  }
}

async function bash(command: string): Promise<string> {
  return (await promisify(execFile)("bash", ["-c", command], { maxBuffer: 1e7 })).stdout;
}

async function inSandbox(server: ServerProcess, commands: readonly string[]): Promise<readonly string[]> {
  const client = connect({ url: server.url });
  const id = crypto.randomUUID();
  const outputs: string[] = [];
  for (const command of commands) await client.send(id, "run", { command });
  for await (const item of client.follow(id)) {
    if (item.type !== "event" || isAction(item.event) || item.event.observation !== "run") continue;
    outputs.push(item.event.content);
    if (outputs.length === commands.length) break;
  }
  client.close();
  return outputs;
}

function numbers(lines: string): readonly number[] {
  return lines.trim().split("\n").map(Number);
}

function compare(direct: number, through: number, digits: number): string[] {
  return [through.toFixed(digits), direct.toFixed(digits), (through / direct).toFixed(2)];
}
