/**
 * Clients that come, go, lag, send twice, answer at once, stop and pause, by chance, in many conversations at once, while
 * the server is killed and started again. At the end everybody has the log, and the log has each thing once.
 *
 *   DECKHAND_FUZZ_RUNS=4000   more of it: so many conversations; `npm run test:long` does
 *   DECKHAND_FUZZ_SEED=7      begin with this seed, which is printed; the machine's pace is not repeated
 */
import { test, type TestContext } from "node:test";
import { plansOf } from "./fuzz/plan.ts";
import { play } from "./fuzz/play.ts";
import { World } from "./fuzz/world.ts";

/** Seeds that found something once. */
const pastSeeds: readonly number[] = [10];
const wanted = process.env["DECKHAND_FUZZ_RUNS"];
const runs = Number(wanted ?? 300);
/** No conversation begins later than this in either test: the machine may be slow. */
const mostMs = wanted === undefined ? 9_000 : 5 * 60_000;
const firstSeed = Number(process.env["DECKHAND_FUZZ_SEED"] ?? Date.now() % 1_000_000);
/** More at once find no more, and wait for each other. */
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
      if (failed || performance.now() - startedAt > mostMs) return;
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

test(`[X22] conversations of chance from seed ${firstSeed}: everybody ends with the log, and it has each thing once`, async (t) => {
  await using world = await World.start();
  await playAll(t, world, Math.ceil(runs / 2));
});

test(`[X22] the same while the server is killed and started, from seed ${firstSeed}`, async (t) => {
  await using world = await World.start();
  let kill = firstSeed;
  world.keepKilling(() => (kill = (kill * 1_103_515_245 + 12_345) % 2 ** 31) % 2000);
  await playAll(t, world, Math.floor(runs / 2));
});
