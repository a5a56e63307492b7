import assert from "node:assert/strict";
import { test } from "node:test";
import { action, errorObservation, observation, stateChange, type JobState, type NewEvent } from "@deckhand/protocol";
import { findLoop, StepHistory, type AgentStep } from "./stuck.ts";

/** Letters are calls; a result may follow after a slash; `!` marks a failure, `m` a message. */
function steps(text: string): AgentStep[] {
  return text.split(" ").map((word) => {
    const [call = "", result = ""] = word.replace("!", "").split("/");
    return { call, result, failed: word.endsWith("!"), isMessage: call === "m" };
  });
}
const loopIn = (text: string): string | undefined => findLoop(steps(text))?.reason;

test("[X1] a loop is the same step four times, the same failure or message three times, or two steps alternating three times", () => {
  assert.equal(loopIn("b a a a a"), "repeat");
  assert.equal(loopIn("a a a"), undefined);
  assert.equal(loopIn("a a/2 a a"), undefined);
  assert.equal(loopIn("b a! a! a!"), "repeat_error");
  assert.equal(loopIn("b a/1! a/2! a/3!"), "repeat_error");
  assert.equal(loopIn("a! a! a!"), undefined, "OpenHands requires a fourth step before");
  assert.equal(loopIn("b a! a! a"), undefined);
  assert.equal(loopIn("b a! c! a!"), undefined);
  assert.equal(loopIn("m m m"), "monologue");
  assert.equal(loopIn("m m a m"), undefined);
  assert.equal(loopIn("a b a b a b"), "alternation");
  assert.equal(loopIn("b a b a b a"), "alternation");
  assert.equal(loopIn("a b a b a"), undefined);
  assert.equal(loopIn("a b a b a b/2"), undefined);
  assert.equal(loopIn("a b c a b c"), undefined);
});

const usage = { input: 1, output: 1, cached_input: 0, cache_write: 0, reasoning: 0 };

class Log {
  readonly #steps = new StepHistory();
  #id = -1;

  add(...events: readonly NewEvent[]): this {
    for (const event of events) {
      this.#id += 1;
      this.#steps.add({ id: this.#id, timestamp: "2026-01-01T00:00:00.000Z", ...event });
    }
    return this;
  }

  /** The agent checks a job. */
  job({ wait }: { readonly wait?: number }, job: JobState): this {
    const given = wait === undefined ? {} : { wait };
    const args = { id: job.id, confirmation_state: "confirmed" as const, thought: "", ...given };
    const origin = { reply: 0, id: `call ${this.#id}` };
    this.add(action("agent", "job", args, { tool_call: origin }));
    const extras = { job, command: "x", duration_ms: this.#id, truncated: false };
    return this.add(observation("agent", "job", "", extras, { cause: this.#id, tool_call: origin }));
  }

  /** The agent runs a command, in its own reply. */
  run(command: string, output: string, thought = ""): this {
    const args = { command, background: false, hidden: false, confirmation_state: "confirmed" as const, thought };
    const extras = { command, exit_code: 0, cwd: "/w", duration_ms: this.#id, truncated: false, hidden: false };
    const origin = { tool_call: { reply: this.#id + 1, id: "c" } };
    this.add(reply("c", "run", JSON.stringify(args)), action("agent", "run", args, origin));
    return this.add(observation("agent", "run", output, extras, { cause: this.#id, ...origin }));
  }

  refused(text: string): this {
    const tool_call = { reply: this.#id + 1, id: "c" };
    return this.add(reply("c", "run", text), errorObservation("agent", "bad_tool_args", "no", { tool_call }));
  }

  get verdict(): string | null {
    return this.#steps.check()?.type ?? null;
  }
}

function reply(id: string, name: string, text: string): NewEvent {
  return observation("agent", "reply", "", {
    model: "m",
    parts: [{ type: "call", id, name, arguments: text }],
    finish_reason: "tool_calls",
    usage,
    cost_usd: null,
    duration_ms: 1,
    first_token_ms: null,
  });
}
const nudge = observation("environment", "nudge", "round", { reason: "repeat" });
const chat = observation("user", "chat", "hi", { image_urls: null });
const times = (log: Log, count: number, each: (log: Log, at: number) => unknown): Log => {
  for (let at = 0; at < count; at += 1) each(log, at);
  return log;
};

test("[X2] watching something that changes, or sleeping before a check, is not a loop", () => {
  assert.equal(times(new Log(), 9, (log, at) => log.run("cat log", `line ${at}`)).verdict, null);
  for (const command of ["sleep 5; cat log", "cd x && sleep 5", "wait", "(sleep 1)"]) {
    assert.equal(times(new Log(), 9, (log) => log.run(command, "busy")).verdict, null, command);
  }
  assert.equal(times(new Log(), 4, (log) => log.run("cat sleep.txt", "busy")).verdict, "nudge");
});

test("[X2] checking or awaiting a running job is not a loop; checking an ended one is", () => {
  const running = { id: "j1", state: "running" } as const;
  assert.equal(times(new Log(), 9, (log) => log.job({}, running)).verdict, null);
  assert.equal(times(new Log(), 9, (log) => log.job({ wait: 5 }, running)).verdict, null);
  assert.equal(times(new Log(), 4, (log) => log.job({}, { ...running, state: "ended" })).verdict, "nudge");
  assert.equal(times(new Log(), 4, (log) => log.job({ wait: 5 }, { ...running, state: "ended" })).verdict, "nudge");
});

test("[X3] a different thought does not make a different call, and invalid calls count", () => {
  assert.equal(times(new Log(), 4, (log, at) => log.run("ls", "a", `thought ${at}`)).verdict, "nudge");
  assert.equal(times(new Log(), 4, (log) => log.refused("{oh")).verdict, "nudge");
  assert.equal(times(new Log(), 4, (log, at) => log.refused(`{oh ${at}`)).verdict, null);
});

test("[X4] one more repetition after the nudge pauses the turn; a different step in between allows a new nudge", () => {
  const nudged = (): Log => times(new Log(), 4, (log) => log.run("ls", "a")).add(nudge);
  assert.equal(nudged().verdict, null);
  assert.equal(nudged().run("ls", "a").verdict, "pause");
  assert.equal(nudged().run("pwd", "/w").verdict, null);
  assert.equal(times(nudged().run("pwd", "/w"), 4, (log) => log.run("ls", "a")).verdict, "nudge");
  assert.equal(times(nudged(), 4, (log) => log.run("pwd", "/w")).verdict, "pause", "straight into the next loop");
});

test("[X5] a user message or a resume starts over; a user's own command is not a step", () => {
  const three = (): Log => times(new Log(), 3, (log) => log.run("ls", "a"));
  assert.equal(three().add(chat).run("ls", "a").verdict, null);
  assert.equal(three().add(stateChange("running")).run("ls", "a").verdict, null);
  const withUserCommand = three().add(
    action("user", "run", {
      command: "pwd",
      background: false,
      hidden: false,
      confirmation_state: "confirmed",
      thought: "",
    }),
  );
  assert.equal(withUserCommand.run("ls", "a").verdict, "nudge");
});
