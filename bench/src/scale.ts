/** Many readers, many conversations, long logs: what each takes, beside the bar that it has to stay under. */
import { measureCrowd } from "@deckhand/test/crowd";
import { measureFollowed, measureLeft } from "@deckhand/test/idle";
import { timeFollow, timeList } from "@deckhand/test/reading";
import { ServerProcess } from "@deckhand/test/server-process";
import { homeWith, timeStore } from "@deckhand/test/stored-logs";
import { median, percentile, table } from "./table.ts";

type Row = readonly [figure: string, value: string, bar: string];

const env = { LLM_MODEL: "demo" };
const longCount = 30_000;
const storedCount = 2_000;
const idleCount = 10_000;

export async function measureScale(): Promise<string> {
  const rows = [...(await crowd()), ...(await idle()), ...(await stored()), ...(await store())];
  return table(["figure", "deckhand", "bar"], rows);
}

async function crowd(): Promise<Row[]> {
  const { delaysMs, grownBytes } = await crowdOf({ readers: 200, events: 200, chars: 2_000, everyMs: 50, deafMs: 0 });
  // So much that the kernel's buffers for the one who does not read are full: it is closed 30 to 40 s later.
  const flood = await crowdOf({ readers: 20, events: 300, chars: 100_000, everyMs: 50, deafMs: 33_000 });
  return [
    ["200 readers, 2 kB an event, one more deaf: delay p95", ms(percentile(delaysMs, 95)), "50 ms"],
    ["… memory of the server grows by", megabytes(grownBytes), "50 MB"],
    ["20 readers, 100 kB an event, one more deaf: delay p95", ms(percentile(flood.delaysMs, 95)), "50 ms"],
    ["… the deaf one is closed with", String(flood.deaf.code), "1013"],
  ];
}

async function crowdOf(options: Parameters<typeof measureCrowd>[1]): ReturnType<typeof measureCrowd> {
  await using server = await ServerProcess.start({ env });
  return await measureCrowd(server, options);
}

async function idle(): Promise<Row[]> {
  const logs = Array.from({ length: idleCount }, (_, n) => ({ id: `c${n}`, count: 12 }));
  await using home = await homeWith(logs);
  const of = async (measure: typeof measureLeft, prefix: string): Promise<string> => {
    await using server = await ServerProcess.start({ home: home.path, env });
    const ids = logs.map(({ id }) => `${prefix}${id}`);
    return kilobytes(await measure(server, ids));
  };
  return [
    ["10,000 conversations, made and left: memory each", await of(measureLeft, "new-"), "10 kB"],
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
  const whole: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    whole.push(await timeFollow(server, "long", { after: -1, head }));
  }
  return [
    ["2,000 conversations: start to listening", ms(median(listening)), "1,000 ms"],
    ["… first page of the list, p95", ms(percentile(list, 95)), "50 ms"],
    ["… memory", megabytes(bytes), "200 MB"],
    ["30,000 events: last page over a socket, no snapshot yet", ms(firstPage[0] ?? 0), "–"],
    ["… with a snapshot, first of a started server", ms(median(firstPage.slice(1))), "100 ms"],
    ["… followed from the start over a socket, events a second", perSecond(head, median(whole)), "–"],
  ];
}

async function store(): Promise<Row[]> {
  const { followMs, appendMs, appendToEmptyMs } = await timeStore(longCount);
  return [
    ["… followed from the start in the store, events a second", perSecond(longCount, median(followMs)), "50,000"],
    ["… an append, against one to an empty log", (median(appendMs) / median(appendToEmptyMs)).toFixed(2), "1.20"],
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

function perSecond(events: number, takenMs: number): string {
  return Math.round(events / (takenMs / 1000)).toLocaleString("en");
}
