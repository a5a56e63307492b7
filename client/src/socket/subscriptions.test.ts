import assert from "node:assert/strict";
import { test } from "node:test";
import type { Event } from "@deckhand/protocol";
import { mulberry } from "../client.test-kit.ts";
import { thought } from "../server.test-kit.ts";
import { Subscriptions } from "./subscriptions.ts";

/** Fixed seeds, then a fresh one; add seeds that found bugs. */
const seeds = [...Array.from({ length: 300 }, (_, n) => n), Number(process.env["SEED"] ?? Date.now())];

test("[C2] whatever happens to frames on the way, each follower sees its events once and in order, and eventually all of them", () => {
  for (const seed of seeds) {
    const world = new World(mulberry(seed));
    for (let n = 0; n < 400; n++) world.step();
    world.settle();
    for (const { first, got } of world.followers) {
      const wanted = Array.from({ length: world.log.length - first }, (_, n) => first + n);
      assert.deepEqual(got, wanted, `seed ${seed}`);
    }
  }
});

/** A server that loses, repeats and skips frames, over a connection that breaks. */
class World {
  readonly log: Event[] = [];
  readonly followers: { readonly first: number; readonly got: number[]; readonly stop: () => void }[] = [];
  readonly #random: () => number;
  readonly #subscriptions: Subscriptions;
  /** Frames sent by the server and not yet received by the client. */
  #wire: (() => void)[] = [];
  #connected = true;
  #next: number | undefined;
  /** The end of the log when the subscription began. */
  #past = -1;

  constructor(random: () => number) {
    this.#random = random;
    this.#subscriptions = new Subscriptions({
      send: (frame) => this.#take(frame),
      drop: () => this.#disconnect(),
    });
  }

  step(faults = true): void {
    const chance = this.#random();
    if (faults && chance < 0.01) this.#disconnect();
    else if (faults && chance < 0.03) this.#next = undefined;
    else if (faults && chance < 0.06) this.#next = this.#next === undefined ? undefined : this.#next + 1;
    else if (faults && chance < 0.09) this.#wire.push(...this.#wire.slice(-3));
    else if (faults && chance < 0.2) this.log.push({ id: this.log.length, timestamp: "", ...thought("") });
    else if (faults && chance < 0.22) this.#follow();
    else if (faults && chance < 0.24 && this.followers.length > 0) this.followers.pop()?.stop();
    else if (chance < 0.28) this.#tick();
    else if (chance < 0.6) this.#serve();
    else this.#wire.shift()?.();
    this.#reconnect();
  }

  /** Runs without further faults; ticks arrive as on a real socket. */
  settle(): void {
    for (let round = 0; round < 6; round++) {
      for (let n = 0; n < 2 * this.log.length + 10; n++) this.#serve();
      this.#tick();
      while (this.#wire.length > 0) this.#wire.shift()?.();
      this.#reconnect();
    }
  }

  #follow(): void {
    const first = Math.floor(this.#random() * (this.log.length + 1));
    const got: number[] = [];
    const follower = {
      last: first - 1,
      deltas: false,
      onEvent: (event: Event) => void got.push(event.id),
      onDelta: () => {},
      onCaughtUp: (id: number) => assert.ok(follower.last >= id, "caught_up only with everything up to it"),
      onDown: () => {},
      onEnd: () => assert.fail("nothing ends"),
    };
    this.followers.push({ first, got, stop: this.#subscriptions.add("c", follower) });
  }

  #take(frame: object): boolean {
    if (!this.#connected) return false;
    this.#next = undefined;
    if ("subscribe" in frame) {
      const { after } = frame.subscribe as { after: number };
      this.#next = after + 1;
      this.#past = this.log.length - 1;
      if (after >= this.#past) this.#sendCaughtUp();
    }
    return true;
  }

  #serve(): void {
    const event = this.#next === undefined ? undefined : this.log[this.#next];
    if (event === undefined) return;
    this.#next = event.id + 1;
    this.#wire.push(() => this.#subscriptions.onEvent("c", event));
    if (event.id === this.#past) this.#sendCaughtUp();
  }

  #sendCaughtUp(): void {
    const past = this.#past;
    this.#wire.push(() => this.#subscriptions.onCaughtUp("c", past));
  }

  #tick(): void {
    const head = this.log.length - 1;
    if (this.#connected) this.#wire.push(() => this.#subscriptions.onTick("c", head));
  }

  #reconnect(): void {
    if (this.#connected) return;
    this.#connected = true;
    this.#subscriptions.onHello();
  }

  #disconnect(): void {
    this.#connected = false;
    this.#wire = [];
    this.#next = undefined;
    this.#subscriptions.onDown();
  }
}
