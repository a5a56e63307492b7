import assert from "node:assert/strict";
import { test } from "node:test";
import { isAction, stateChange, type ActionKind, type Event } from "@deckhand/protocol";
import type { Tool } from "../../tools/tool.ts";
import { arrayModel, call, testTools, text, untilAborted } from "../array-model.test-kit.ts";
import { play } from "../play.test-kit.ts";
import type { View } from "../turn-types.ts";
import { OutputChannel } from "./output-channel.ts";

/** Tools that wait for each other: `a>b` starts, waits until `b` has started, and ends. */
function waitingTools(): { readonly tools: typeof testTools; readonly started: string[] } {
  const started: string[] = [];
  const waiting = new Map<string, () => void>();
  const hasStarted = (name: string): Promise<void> =>
    started.includes(name) ? Promise.resolve() : new Promise((resolve) => waiting.set(name, resolve));
  const run = (kind: ActionKind): Tool["run"] =>
    async function* ({ path = "" }: { path?: string }, { id, signal }: { id: number; signal: AbortSignal }) {
      const [name = "", other] = path.split(">");
      started.push(name);
      waiting.get(name)?.();
      if (name === "wait") await untilAborted(signal);
      if (other !== undefined) await hasStarted(other);
      yield { of: id, text: name };
      if (name === "bug") throw new TypeError("our bug");
      return { observation: kind, content: name, extras: { path } };
    } as unknown as Tool["run"];
  const tools = new Map([...testTools].map(([kind, tool]) => [kind, { ...tool, run: run(kind) }]));
  return { tools, started };
}

const summaryOf = (events: readonly Event[]): string[] =>
  events.flatMap((event) =>
    isAction(event)
      ? "path" in event.args && event.source === "agent"
        ? [event.args.path]
        : []
      : event.cause !== undefined && event.tool_call !== undefined
        ? [`${event.cause}: ${event.observation === "error" ? event.extras.code : event.content}`]
        : [],
  );

test("[HN2] read-only calls run in parallel and are answered in the order of the calls", async () => {
  const { tools } = waitingTools();
  const calls = [call("read", { path: "a>b" }, "1"), call("search", { path: "b>c", pattern: "x" }, "2")];
  const model = arrayModel([[...calls, call("read", { path: "c" }, "3")], [text("Done.")]]);
  // One after another, they would wait forever.
  const { events, state } = await play(model, { tools });
  assert.deepEqual(summaryOf(events), ["a>b", "b>c", "c", "4: a", "5: b", "6: c"]);
  assert.equal(state.open.length, 0);
  const [first, second] = events.filter((event) => isAction(event) && event.action === "read");
  assert.deepEqual(
    [first?.tool_call, second?.tool_call].map((origin) => origin?.reply),
    [3, 3],
  );
});

test("[HN2] a call that may change something waits for the calls before it, and the calls after it wait for it", async () => {
  const { tools, started } = waitingTools();
  const edit = call("edit", { path: "edit", old_str: "a", new_str: "b" }, "3");
  const reads = ["a", "b", "c", "d"].map((path) => call("read", { path }, path));
  const model = arrayModel([[...reads.slice(0, 2), edit, ...reads.slice(2)], [text("Done.")]]);
  const { events } = await play(model, { tools });
  assert.deepEqual(summaryOf(events), ["a", "b", "4: a", "5: b", "edit", "8: edit", "c", "d", "10: c", "11: d"]);
  assert.deepEqual(started, ["a", "b", "edit", "c", "d"]);
});

test("[HN3] a pause takes effect after the parallel calls; a stop ends all of them, each with its own answer", async () => {
  const paused = waitingTools();
  const reply = [call("read", { path: "a" }, "1"), call("read", { path: "b" }, "2")];
  const edit = call("edit", { path: "edit", old_str: "a", new_str: "b" }, "3");
  const isRead = (stored: readonly Event[]): boolean =>
    stored.some((event) => isAction(event) && event.action === "read");
  const { events, end } = await play(arrayModel([[...reply, edit]]), {
    tools: paused.tools,
    meanwhile: (stored) => (isRead(stored) ? [stateChange("paused")] : []),
  });
  assert.deepEqual([summaryOf(events), end], [["a", "b", "4: a", "5: b"], { type: "interrupted" }]);

  const stopped = waitingTools();
  const waiting = [call("read", { path: "done" }, "0"), ...["1", "2"].map((id) => call("read", { path: "wait" }, id))];
  const after = await play(arrayModel([[...waiting, edit]]), {
    tools: stopped.tools,
    meanwhile: (stored, stop) => {
      if (stored.some((event) => !isAction(event) && event.content === "done")) stop.abort(new Error("stopped"));
      return [];
    },
  });
  assert.deepEqual(summaryOf(after.events), ["done", "wait", "wait", "4: done", "5: interrupted", "6: interrupted"]);
});

test("[HN3] a bug in one parallel call ends the turn after all are answered", async () => {
  const { tools } = waitingTools();
  const stored: Event[] = [];
  const model = arrayModel([[call("read", { path: "bug" }, "1"), call("read", { path: "b" }, "2")]]);
  const playing = play(model, {
    tools,
    meanwhile: (events) => {
      stored.push(...events);
      return [];
    },
  });
  await assert.rejects(playing, TypeError);
  assert.deepEqual(summaryOf(stored), ["bug", "b", "4: internal", "5: b"]);
});

test("[HN2] at most eight calls run at a time, and a call that needs an approval starts alone", async () => {
  const { tools } = waitingTools();
  const calls = Array.from({ length: 10 }, (_, at) => call("read", { path: `${at}` }, `${at}`));
  const { events } = await play(arrayModel([calls, [text("Done.")]]), { tools });
  assert.deepEqual(
    summaryOf(events).map((line) => line.includes(":")),
    [...Array<boolean>(8).fill(false), ...Array<boolean>(8).fill(true), false, false, true, true],
  );
  const gated = await play(arrayModel([calls.slice(0, 3)]), {
    tools: waitingTools().tools,
    policy: (event) =>
      event.action === "read" && event.args.path === "2"
        ? { reasons: ["policy_always"], rules: [], seconds: 60 }
        : null,
  });
  assert.deepEqual(summaryOf(gated.events), ["0", "1", "4: 0", "5: 1", "2"]);
  assert.equal(gated.state.awaiting?.id, 9);
});

test("[HN2] each output is yielded once and in order, its sender waits for it, and a failure of the work is thrown", async () => {
  const output = (name: string) => ({ type: "delta", delta: { of: 0, text: name } }) as const;
  const channel = new OutputChannel();
  const resumed: string[] = [];
  const sendTwice = async (name: string): Promise<void> => {
    for (const part of [`${name}1`, `${name}2`]) {
      await channel.send(output(part));
      resumed.push(part);
    }
  };
  const yielded: string[] = [];
  const draining = channel.drain(Promise.all([sendTwice("a"), sendTwice("b")]));
  for (let next = await draining.next(); next.done !== true; next = await draining.next({} as View)) {
    const part = next.value.type === "delta" ? next.value.delta.text : "";
    assert.ok(!resumed.includes(part));
    yielded.push(part);
  }
  assert.deepEqual(yielded, ["a1", "b1", "a2", "b2"]);
  assert.deepEqual(resumed, yielded);
  const failing = new OutputChannel().drain(Promise.reject(new Error("bad")));
  await assert.rejects(failing.next(), /bad/);
});
