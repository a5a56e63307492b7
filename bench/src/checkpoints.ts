/** The cost of checkpoints: per step with a model that answers at once, and on a large tree. */
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
const rounds = 5;

type Row = readonly [figure: string, value: string];

export async function measureCheckpoints(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "deckhand-bench-"));
  try {
    return table(["figure", "deckhand"], [...(await loop()), ...(await large(folder))]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function loop(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [name, enabled] of [
    ["without checkpoints", "false"],
    ["with checkpoints, which a real model's thinking time would hide", "true"],
  ] as const) {
    await using model = await InstantModel.start(steps);
    await using server = await ServerProcess.start({ env: envFor(model, enabled) });
    await finished(server, "steps");
    rows.push([`overhead per step ${name}`, ms(median((model.gaps()[0] ?? []).slice(5)))]);
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
    const first = await checkpointMs(client, id, 0);
    const diffMs: number[] = [];
    const changedMs: number[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      const startedAt = performance.now();
      await client.diff(id);
      diffMs.push(performance.now() - startedAt);
      await client.send(id, "run", { command: `echo ${round} > d0/s0/f0.ts` });
      changedMs.push(await checkpointMs(client, id, round));
    }
    return [
      [`${files.toLocaleString("en")} files of 2 kB: first checkpoint`, ms(first)],
      ["… a diff without changes", ms(diffMs[0] ?? Number.NaN)],
      ["… a checkpoint after changing one file", ms(median(changedMs))],
    ];
  } finally {
    client.close();
  }
}

/** How long the checkpoint with this index took, once it exists. */
async function checkpointMs(client: Client, id: string, index: number): Promise<number> {
  let seen = 0;
  for await (const item of client.follow(id)) {
    if (item.type !== "event" || !("observation" in item.event) || item.event.observation !== "checkpoint") continue;
    if (seen === index) return item.event.extras.duration_ms;
    seen += 1;
  }
  throw new Error("the conversation ended without a checkpoint");
}

async function finished(server: ServerProcess, task: string): Promise<string> {
  const client = connect({ url: server.url });
  try {
    return await finishTask(client, task);
  } finally {
    client.close();
  }
}

function envFor(model: InstantModel, enabled: string): Record<string, string> {
  return {
    LLM_BASE_URL: model.url,
    LLM_MODEL: "instant",
    DECKHAND_APPROVAL: "never",
    DECKHAND_CHECKPOINTS: enabled,
  };
}

function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 0)} ms`;
}
