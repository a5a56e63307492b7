/** `npm run bench`: the server's overhead per step, compared with a bare loop in the same run, and figures at scale. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { InstantModel } from "./instant-model.ts";
import { ServerProcess } from "@deckhand/test/server-process";
import { connect, type Client } from "@deckhand/client";
import { finishTask } from "./finish-task.ts";
import { measureFirstRequest } from "./first-request.ts";
import { measureNetwork } from "./network.ts";
import { measurePage } from "./page.ts";
import { measureCheckpoints } from "./checkpoints.ts";
import { measureSandboxes } from "./sandboxes.ts";
import { measureScale } from "./scale.ts";
import { measureShell } from "./shell.ts";
import { median, percentile, table } from "./table.ts";

const steps = 200;
const conversations = 20;
const stepsEach = 25;
const starts = 5;

interface Figures {
  readonly listeningMs?: number;
  readonly firstRequestMs: number;
  readonly first: readonly number[];
  readonly last: readonly number[];
  readonly idleBytes?: number;
  readonly stepsPerSecond: number;
}

if (process.argv[2] === "first-request") {
  console.log(await measureFirstRequest());
  process.exit();
}
if (process.argv[2] === "page") {
  console.log(await measurePage());
  process.exit();
}
console.log(
  `Node ${process.version}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB. The model answers at once;`,
);
console.log(`each step runs one command (echo). Machine speed varies: compare within one run.\n`);
const bareFigures = await measureBare();
print(bareFigures, await measureServer());
console.log(`\nA command, compared with plain bash:\n`);
console.log(await shellFigures());
console.log(`\nA hundred sandboxes at once:\n`);
console.log(await measureSandboxes());
console.log(`\nNetwork access of commands:\n`);
console.log(await measureNetwork());
console.log(`\nMany readers, many conversations, long logs:\n`);
console.log(await measureScale());
console.log(`\nCheckpoints of the workspace:\n`);
console.log(await measureCheckpoints());
console.log(`\nThe web UI:\n`);
console.log(await measurePage());

async function shellFigures(): Promise<string> {
  await using server = await ServerProcess.start({ env: { LLM_MODEL: "demo" } });
  using client = connectTo(server);
  return await measureShell(client);
}

async function measureServer(): Promise<Figures> {
  const listening: number[] = [];
  const firstRequest: number[] = [];
  const idle: number[] = [];
  for (let round = 0; round < starts; round += 1) {
    await using model = await InstantModel.start(1);
    await using server = await ServerProcess.start({ env: envFor(model) });
    using client = connectTo(server);
    await finishTask(client, "one step");
    listening.push(server.listeningMs);
    firstRequest.push((model.firstRequestedAt ?? 0) - server.startedAt);
  }
  const gaps = await (async () => {
    await using model = await InstantModel.start(steps);
    await using server = await ServerProcess.start({ env: envFor(model) });
    using client = connectTo(server);
    // Memory settles after the start; measure a server that has not done anything yet.
    await wait(2000);
    idle.push(await server.memoryBytes());
    await finishTask(client, "many steps");
    return model.gaps()[0] ?? [];
  })();
  await using model = await InstantModel.start(stepsEach);
  await using server = await ServerProcess.start({ env: envFor(model) });
  using client = connectTo(server);
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: conversations }, (_, index) => finishTask(client, `conversation ${index}`)));
  const seconds = (performance.now() - startedAt) / 1000;
  return {
    listeningMs: median(listening),
    firstRequestMs: median(firstRequest),
    first: gaps.slice(0, 20),
    last: gaps.slice(180, 200),
    idleBytes: median(idle),
    stepsPerSecond: (conversations * stepsEach) / seconds,
  };
}

async function measureBare(): Promise<Figures> {
  const firstRequest: number[] = [];
  for (let round = 0; round < starts; round += 1) {
    await using model = await InstantModel.start(1);
    const startedAt = performance.now();
    await runBare(model.url, "one step");
    firstRequest.push((model.firstRequestedAt ?? 0) - startedAt);
  }
  const gaps = await (async () => {
    await using model = await InstantModel.start(steps);
    await runBare(model.url, "many steps");
    return model.gaps()[0] ?? [];
  })();
  await using model = await InstantModel.start(stepsEach);
  const startedAt = performance.now();
  await runBare(model.url, ...Array.from({ length: conversations }, (_, index) => `conversation ${index}`));
  const seconds = (performance.now() - startedAt) / 1000;
  return {
    firstRequestMs: median(firstRequest),
    first: gaps.slice(0, 20),
    last: gaps.slice(180, 200),
    stepsPerSecond: (conversations * stepsEach) / seconds,
  };
}

async function runBare(url: string, ...tasks: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "bare.ts"), url, ...tasks], { stdio: "inherit" });
  const [code] = (await once(child, "exit")) as [number];
  if (code !== 0) throw new Error(`the bare loop exited with ${code}`);
}

function connectTo(server: ServerProcess): Client & Disposable {
  const client = connect({ url: server.url });
  return Object.assign(client, { [Symbol.dispose]: () => client.close() });
}

function envFor(model: InstantModel): Record<string, string> {
  return { LLM_BASE_URL: model.url, LLM_MODEL: "instant", MAX_ITERATIONS: "1000" };
}

function print(bare: Figures, figures: Figures): void {
  const ms = (value: number): string => `${value.toFixed(value < 10 ? 2 : 0)} ms`;
  const spread = (values: readonly number[]): string => `${ms(median(values))} / ${ms(percentile(values, 95))}`;
  const ratio = (a: number, b: number): string => (a / b).toFixed(2);
  console.log(
    table(
      ["figure", "deckhand", "bare loop", "ratio"],
      [
        ["process start to listening", ms(figures.listeningMs ?? 0), "–", "–"],
        [
          "process start to first model request",
          ms(figures.firstRequestMs),
          ms(bare.firstRequestMs),
          ratio(figures.firstRequestMs, bare.firstRequestMs),
        ],
        [
          "overhead of steps 1–20 (median / p95)",
          spread(figures.first),
          spread(bare.first),
          ratio(median(figures.first), median(bare.first)),
        ],
        [
          "overhead of steps 181–200 (median / p95)",
          spread(figures.last),
          spread(bare.last),
          ratio(median(figures.last), median(bare.last)),
        ],
        [
          `steps per second, ${conversations} conversations at once`,
          figures.stepsPerSecond.toFixed(0),
          bare.stepsPerSecond.toFixed(0),
          ratio(figures.stepsPerSecond, bare.stepsPerSecond),
        ],
        ["memory when idle", `${Math.round((figures.idleBytes ?? 0) / 1e6)} MB`, "–", "–"],
      ],
    ),
  );
}
