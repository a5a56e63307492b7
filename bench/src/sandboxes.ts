/** A hundred sandboxes at once: start time, memory and leftover processes, compared with a plain shell. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";
import { startManySandboxes } from "@deckhand/test/many-sandboxes";
import { ServerProcess } from "@deckhand/test/server-process";
import { median, percentile, table } from "./table.ts";

const count = 100;
const run = promisify(execFile);

export async function measureSandboxes(): Promise<string> {
  await using server = await ServerProcess.start({ env: { LLM_MODEL: "demo" } });
  // Wait for the verification of the sandbox, which is not part of the measurement.
  const { runtime } = (await (await fetch(`${server.url}/api/health`)).json()) as { runtime: { sentence: string } };
  const plain = await plainShells();
  const alone = await startManySandboxes(server, 10, 1, "alone");
  const sandboxes = await startManySandboxes(server, count, 10, "sandbox");
  await server.end();
  const leftover = sandboxes.processes.filter((pid) => existsSync(`/proc/${pid}`)).length;
  const ms = (value: number): string => `${value.toFixed(1)} ms`;
  return `${table(
    ["figure", "deckhand", "bash -c true", "bar"],
    [
      [
        "first command of a new conversation, one at a time: median",
        ms(median(alone.startMs)),
        ms(median(plain)),
        "60 ms",
      ],
      [`… of ${count}, ten at a time: median`, ms(median(sandboxes.startMs)), "–", "–"],
      ["… p95", ms(percentile(sandboxes.startMs, 95)), "–", "–"],
      ["memory per sandbox (PSS)", `${(sandboxes.bytes / (count + 10) / 1e6).toFixed(2)} MB`, "–", "–"],
      ["processes per sandbox", (sandboxes.processes.length / (count + 10)).toFixed(1), "–", "–"],
      ["processes left after the server has exited", String(leftover), "–", "0"],
    ],
  )}\n${runtime.sentence}`;
}

async function plainShells(): Promise<number[]> {
  const durations: number[] = [];
  for (let round = 0; round < 20; round += 1) {
    const startedAt = performance.now();
    await run("bash", ["-c", "true"]);
    durations.push(performance.now() - startedAt);
  }
  return durations;
}
