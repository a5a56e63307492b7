/**
 * Random clients connect, disconnect, lag, send twice, answer concurrently, stop and pause in many conversations at once,
 * while the server is killed and restarted. At the end every client has the log, and the log has everything once.
 *
 *   DECKHAND_FUZZ_RUNS=4000   the number of conversations; `npm run test:long` sets more than the default
 *   DECKHAND_FUZZ_SEED=7      start with this seed, which each run prints; timing is not reproduced
 */
import { test, type TestContext } from "node:test";
import { plansOf } from "./fuzz/plan.ts";
import { play } from "./fuzz/play.ts";
import { World } from "./fuzz/world.ts";

/** Seeds that have found bugs. */
const pastSeeds: readonly number[] = [10];
const wanted = process.env["DECKHAND_FUZZ_RUNS"];
const runs = Number(wanted ?? 300);
/** No conversation starts later than this in either test, because the machine may be slow. */
const maxMs = wanted === undefined ? 9_000 : 5 * 60_000;
const firstSeed = Number(process.env["DECKHAND_FUZZ_SEED"] ?? Date.now() % 1_000_000);
/** More at once would find nothing more and wait for each other. */
const atOnce = 16;

async function playAll(t: TestContext, world: World, count: number): Promise<void> {
  const startedAt = performance.now();
  const seeds = [...pastSeeds, firstSeed];
  const waiting = seeds
    .flatMap((seed) => plansOf(seed, seed === firstSeed ? count : 20).map((plan, at) => ({ plan, seed, at })))
    .values();
  let played = 0;
  let failed = false;
  const worker = async (): Promise<void> => {
    for (const { plan, seed, at } of waiting) {
      if (failed || performance.now() - startedAt > maxMs) return;
      await play(plan, `c${seed}-${at}`, world).catch((error: unknown) => {
        failed = true;
        const what = `DECKHAND_FUZZ_SEED=${seed}, conversation ${at}: ${String(error)}\n${JSON.stringify(plan)}`;
        throw new Error(what, { cause: error });
      });
      played += 1;
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: atOnce }, worker));
  for (const end of ends) if (end.status === "rejected") throw end.reason;
  t.diagnostic(`${played} conversations from seed ${firstSeed}, the server was killed ${world.kills} times`);
}

test(`[X22] random conversations from seed ${firstSeed}: every client ends with the log, which has everything once`, async (t) => {
  await using world = await World.start();
  await playAll(t, world, Math.ceil(runs / 2));
});

test(`[X22] random conversations from seed ${firstSeed} while the server is killed and restarted`, async (t) => {
  await using world = await World.start();
  let kill = firstSeed;
  world.keepKilling(() => (kill = (kill * 1_103_515_245 + 12_345) % 2 ** 31) % 2000);
  await playAll(t, world, Math.floor(runs / 2));
});
