/** Runs that were recorded once are run again, and nothing may differ: what changes what an agent sees or does shows here. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { CliProcess } from "./kit/cli-process.ts";
import { scenes, type Scene } from "./recordings/scenes.ts";

const folder = await mkdtemp(join(tmpdir(), "deckhand-recordings-"));
after(() => rm(folder, { recursive: true, force: true }));

async function replay(scene: Scene, file: string): Promise<{ readonly code: number | null; readonly printed: string }> {
  const start = join(folder, scene.name);
  await mkdir(start, { recursive: true });
  for (const [path, content] of Object.entries(scene.start)) {
    await mkdir(dirname(join(start, path)), { recursive: true });
    await writeFile(join(start, path), content);
  }
  const cli = new CliProcess(["replay", "--workspace", start, file], { env: { DECKHAND_HOME: join(folder, "home") } });
  return { code: await cli.end(), printed: cli.stdout + cli.stderr };
}

const recorded = (name: string): string => join(import.meta.dirname, "recordings", `${name}.jsonl`);

for (const scene of scenes) {
  test(`[WB12] the recorded run ${scene.name} is the same when it is run again`, async () => {
    const { code, printed } = await replay(scene, recorded(scene.name));
    assert.equal(code, 0, `${printed}\nIf this is meant: npm run record -- ${scene.name}`);
    assert.match(printed, /^No differences in \d+ events\.\n$/);
  });
}

test("[WB12] a recording shows an approval, a failing model and a compaction, and a changed one differs", async () => {
  const logs = await Promise.all(scenes.map(({ name }) => readFile(recorded(name), "utf8")));
  const all = logs.join("");
  for (const snippet of [
    '"action":"approve"',
    '"code":"model_auth"',
    '"how":"prune"',
    '"how":"summary"',
    '"ended_by":"stop"',
  ]) {
    assert.ok(all.includes(snippet), snippet);
  }
  const [first] = scenes;
  const changed = join(folder, "changed.jsonl");
  await writeFile(changed, (logs[0] ?? "").replaceAll("failed: 5", "failed: 7"));
  const { code, printed } = await replay(first as Scene, changed);
  assert.equal(code, 1);
  assert.match(printed, /^First difference at event \d+ \(→run\)/);
});
