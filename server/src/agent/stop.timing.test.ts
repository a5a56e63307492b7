import assert from "node:assert/strict";
import { test } from "node:test";
import { isAction } from "@deckhand/protocol";
import { arrayModel, call } from "./array-model.test-kit.ts";
import { play } from "./play.test-kit.ts";

test("[A12] a stop ends a waiting tool, and one that ignores the signal, in under a second", async () => {
  for (const path of ["wait", "ignores-stop"]) {
    let stoppedAt = Infinity;
    const played = await play(arrayModel([[call("read", { path })]]), {
      meanwhile(stored, stop) {
        if (!stored.some((event) => isAction(event) && event.action === "read")) return [];
        setImmediate(() => {
          stoppedAt = performance.now();
          stop.abort(new Error("stopped"));
        });
        return [];
      },
    });
    assert.deepEqual(played.end, { type: "interrupted" });
    const last = played.events.at(-1)!;
    assert.ok(
      !isAction(last) && last.observation === "error" && last.extras.code === "interrupted" && last.cause === 4,
    );
    assert.ok(performance.now() - stoppedAt < 1000);
  }
});
