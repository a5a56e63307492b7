import assert from "node:assert/strict";
import { test } from "node:test";
import { Holds } from "./holds.ts";
import { ConversationRegistry } from "./registry.ts";

class Fake implements AsyncDisposable {
  readonly id: string;
  readonly holds: Holds;
  isDisposed = false;

  constructor(id: string, onHeldChange: (fake: Fake, isHeld: boolean) => void) {
    this.id = id;
    this.holds = new Holds((isHeld) => onHeldChange(this, isHeld));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.isDisposed = true;
  }
}

function createRegistry(maxIdle: number) {
  const loaded: string[] = [];
  const registry: ConversationRegistry<Fake> = new ConversationRegistry(async (id) => {
    loaded.push(id);
    await new Promise(setImmediate);
    return new Fake(id, (fake, isHeld) => registry.onHeldChange(fake, isHeld));
  }, maxIdle);
  return { registry, loaded };
}

test("[F1] opening a conversation twice at once loads it once", async () => {
  const { registry, loaded } = createRegistry(2);
  const [one, two] = await Promise.all([registry.open("a"), registry.open("a")]);
  assert.equal(one, two);
  assert.equal(await registry.open("a"), one);
  assert.deepEqual(loaded, ["a"]);
});

test("[F2] idle conversations are evicted, the least recently used first", async () => {
  const { registry, loaded } = createRegistry(2);
  const a = await registry.open("a");
  await registry.open("b");
  await registry.open("a");
  await registry.open("c");
  assert.equal(registry.size, 2);
  assert.equal(registry.peek("b"), undefined);
  assert.equal(await registry.open("a"), a);
  await registry.open("b");
  assert.deepEqual(loaded, ["a", "b", "c", "b"]);
});

test("[F1] a held conversation is never evicted, and counts as idle only after its last hold", async () => {
  const { registry } = createRegistry(1);
  const a = await registry.open("a");
  const holds = [a.holds.hold(), a.holds.hold()];
  for (const id of ["b", "c", "d"]) await registry.open(id);
  assert.equal(await registry.open("a"), a);
  assert.equal(registry.size, 2);
  holds[0]?.[Symbol.dispose]();
  holds[0]?.[Symbol.dispose]();
  await registry.open("e");
  assert.equal(registry.peek("a"), a);
  holds[1]?.[Symbol.dispose]();
  assert.equal(registry.peek("e"), undefined, "a is the most recently used idle one");
  await registry.open("f");
  assert.equal(registry.peek("a"), undefined);
});

test("[F1] an evicted object refuses to be used, so it cannot become a second writer", async () => {
  const { registry } = createRegistry(1);
  const a = await registry.open("a");
  await registry.open("b");
  assert.throws(() => a.holds.hold(), { code: "busy" });
  await assert.rejects(
    a.holds.during(() => assert.fail("runs although the object was evicted")),
    { code: "busy" },
  );
  assert.notEqual(await registry.open("a"), a);
});

test("[F3] opening waits for a removal and gets a new object; the removed one is forgotten even if the work fails", async () => {
  const { registry } = createRegistry(2);
  const a = await registry.open("a");
  const gate = Promise.withResolvers<void>();
  const removed = registry.remove("a", async (live) => {
    assert.equal(live, a);
    await gate.promise;
    throw new Error("the workspace could not be removed");
  });
  const opened = registry.open("a");
  assert.equal(await registry.openOrRemoving("a"), a);
  gate.resolve();
  await assert.rejects(removed, /could not be removed/);
  const fresh = await opened;
  assert.notEqual(fresh, a);
  assert.equal(await registry.openOrRemoving("a"), fresh);
});

test("[F1] closing the registry waits for what is being loaded and disposes of everything", async () => {
  const { registry } = createRegistry(2);
  const a = await registry.open("a");
  const opening = registry.open("b");
  await registry[Symbol.asyncDispose]();
  assert.equal(a.isDisposed, true);
  assert.equal((await opening).isDisposed, true);
});
