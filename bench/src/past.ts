/** What snapshots of the workspace take: for the agent's loop with a model that answers at once, and on a large tree. */
import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type Client } from "@deckhand/client";
import { ServerProcess } from "@deckhand/test/server-process";
import { finishTask } from "./finish-task.ts";
import { InstantModel } from "./instant-model.ts";
import { median, table } from "./table.ts";

const steps = 30;
const files = 50_000;
const filesEach = 100;
const looks = 5;

type Row = readonly [figure: string, value: string];

export async function measurePast(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "deckhand-bench-"));
  try {
    return table(["figure", "deckhand"], [...(await loop()), ...(await large(folder))]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function loop(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [name, wanted] of [
    ["without snapshots", "false"],
    ["with snapshots, and a model that takes no time in which to take them", "true"],
  ] as const) {
    await using model = await InstantModel.start(steps);
    await using server = await ServerProcess.start({ env: envFor(model, wanted) });
    await finished(server, "steps");
    rows.push([`a step, ${name}`, ms(median((model.gaps()[0] ?? []).slice(5)))]);
  }
  return rows;
}

async function large(workspace: string): Promise<Row[]> {
  for (let at = 0; at < files; at += filesEach) {
    const folder = join(workspace, `d${Math.floor(at / 5000)}`, `s${at / filesEach}`);
    await mkdir(folder, { recursive: true });
    await Promise.all(
      Array.from({ length: filesEach }, (_, n) => writeFile(join(folder, `f${n}.ts`), `line ${at + n}\n`.repeat(150))),
    );
  }
  await using model = await InstantModel.start(1);
  await using server = await ServerProcess.start({ env: { ...envFor(model, "true"), WORKSPACE_BASE: workspace } });
  const client = connect({ url: server.url });
  try {
    const id = await finished(server, "large");
    const first = await snapshotMs(client, id, 0);
    const look: number[] = [];
    const changed: number[] = [];
    for (let round = 1; round <= looks; round += 1) {
      const startedAt = performance.now();
      await client.diff(id);
      look.push(performance.now() - startedAt);
      await client.send(id, "run", { command: `echo ${round} > d0/s0/f0.ts` });
      changed.push(await snapshotMs(client, id, round));
    }
    return [
      [`${files.toLocaleString("en")} files of 2 kB: first snapshot`, ms(first)],
      ["… a look at it unchanged", ms(look[0] ?? Number.NaN)],
      ["… a snapshot after one file was changed", ms(median(changed))],
    ];
  } finally {
    client.close();
  }
}

/** What the snapshot of that number took, once it is there. */
async function snapshotMs(client: Client, id: string, index: number): Promise<number> {
  let seen = 0;
  for await (const item of client.follow(id)) {
    if (item.type !== "event" || !("observation" in item.event) || item.event.observation !== "checkpoint") continue;
    if (seen === index) return item.event.extras.duration_ms;
    seen += 1;
  }
  throw new Error("the conversation ended without a snapshot");
}

async function finished(server: ServerProcess, task: string): Promise<string> {
  const client = connect({ url: server.url });
  try {
    return await finishTask(client, task);
  } finally {
    client.close();
  }
}

function envFor(model: InstantModel, snapshots: string): Record<string, string> {
  return {
    LLM_BASE_URL: model.url,
    LLM_MODEL: "instant",
    DECKHAND_APPROVAL: "never",
    DECKHAND_CHECKPOINTS: snapshots,
  };
}

function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 0)} ms`;
}
