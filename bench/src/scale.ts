/** Many readers, many conversations, long logs: each figure with the limit that it has to meet. */
import { measureFanOut } from "@deckhand/test/fan-out";
import { measureFollowed, measureIdle } from "@deckhand/test/idle-memory";
import { timeFollow, timeList } from "@deckhand/test/read-times";
import { ServerProcess } from "@deckhand/test/server-process";
import { homeWith, timeStore } from "@deckhand/test/stored-logs";
import { median, percentile, table } from "./table.ts";

type Row = readonly [figure: string, value: string, bar: string];

const env = { LLM_MODEL: "demo" };
const longCount = 30_000;
const storedCount = 2_000;
const idleCount = 10_000;

export async function measureScale(): Promise<string> {
  const rows = [...(await fanOut()), ...(await idle()), ...(await stored()), ...(await store())];
  return table(["figure", "deckhand", "bar"], rows);
}

async function fanOut(): Promise<Row[]> {
  const { delaysMs, memoryGrowthBytes } = await runFanOut({
    readers: 200,
    events: 200,
    chars: 2_000,
    intervalMs: 50,
    pausedMs: 0,
  });
  // Enough to fill the kernel's buffers for the client that does not read, which is closed 30 to 40 s later.
  const flood = await runFanOut({ readers: 20, events: 300, chars: 100_000, intervalMs: 50, pausedMs: 33_000 });
  return [
    ["200 readers and one that stalls, 2 kB per event: delay p95", ms(percentile(delaysMs, 95)), "50 ms"],
    ["… growth of the server's memory", megabytes(memoryGrowthBytes), "50 MB"],
    ["20 readers and one that stalls, 100 kB per event: delay p95", ms(percentile(flood.delaysMs, 95)), "50 ms"],
    ["… close code of the stalled one", String(flood.paused.code), "1013"],
  ];
}

async function runFanOut(options: Parameters<typeof measureFanOut>[1]): ReturnType<typeof measureFanOut> {
  await using server = await ServerProcess.start({ env });
  return await measureFanOut(server, options);
}

async function idle(): Promise<Row[]> {
  const logs = Array.from({ length: idleCount }, (_, n) => ({ id: `c${n}`, count: 12 }));
  await using home = await homeWith(logs);
  const of = async (measure: typeof measureIdle, prefix: string): Promise<string> => {
    await using server = await ServerProcess.start({ home: home.path, env });
    const ids = logs.map(({ id }) => `${prefix}${id}`);
    return kilobytes(await measure(server, ids));
  };
  return [
    ["10,000 conversations, created and left: memory each", await of(measureIdle, "new-"), "10 kB"],
    ["10,000 stored ones, all followed by 100 sockets: memory each", await of(measureFollowed, ""), "10 kB"],
  ];
}

async function stored(): Promise<Row[]> {
  const many = Array.from({ length: storedCount }, (_, n) => ({ id: `c${n}`, count: 12 }));
  await using home = await homeWith([{ id: "long", count: longCount }, ...many]);
  const head = (home.counts[0] ?? 0) - 1;
  const listening: number[] = [];
  const firstPage: number[] = [];
  for (let round = 0; round < 4; round += 1) {
    await using server = await ServerProcess.start({ home: home.path, env });
    listening.push(server.listeningMs);
    firstPage.push(await timeFollow(server, "long", { after: head - 200, head }));
  }
  await using server = await ServerProcess.start({ home: home.path, env });
  const list = await timeList(server, 200);
  const bytes = await server.memoryBytes();
  const fullLog: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    fullLog.push(await timeFollow(server, "long", { after: -1, head }));
  }
  return [
    ["2,000 conversations: start to listening", ms(median(listening)), "1,000 ms"],
    ["… first page of the list, p95", ms(percentile(list, 95)), "50 ms"],
    ["… memory", megabytes(bytes), "200 MB"],
    ["30,000 events: last page over a socket, without a state cache", ms(firstPage[0] ?? 0), "–"],
    ["… with a state cache, first request after a start", ms(median(firstPage.slice(1))), "100 ms"],
    ["… followed from the start over a socket, events per second", perSecond(head, median(fullLog)), "–"],
  ];
}

async function store(): Promise<Row[]> {
  const { followMs, appendMs, appendToEmptyMs } = await timeStore(longCount);
  return [
    ["… followed from the start in the store, events per second", perSecond(longCount, median(followMs)), "50,000"],
    ["… an append, relative to one to an empty log", (median(appendMs) / median(appendToEmptyMs)).toFixed(2), "1.20"],
  ];
}

function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 1 : 0)} ms`;
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1e3).toFixed(1)} kB`;
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}

function perSecond(events: number, durationMs: number): string {
  return Math.round(events / (durationMs / 1000)).toLocaleString("en");
}
