import assert from "node:assert/strict";
import { test } from "node:test";
import { action, errorObservation, observation, stateChange, type JobState, type NewEvent } from "@deckhand/protocol";
import { findLoop, StepHistory, type AgentStep } from "./stuck.ts";

/** Letters are calls; one after a stroke is another result, `!` a failure, `m` a message. */
function steps(text: string): AgentStep[] {
  return text.split(" ").map((word) => {
    const [call = "", result = ""] = word.replace("!", "").split("/");
    return { call, result, failed: word.endsWith("!"), isMessage: call === "m" };
  });
}
const circle = (text: string): string | undefined => findLoop(steps(text))?.reason;

test("[X1] a circle is the same four times, the same failing three times, three messages, or two things in turn thrice", () => {
  assert.equal(circle("b a a a a"), "repeat");
  assert.equal(circle("a a a"), undefined);
  assert.equal(circle("a a/2 a a"), undefined);
  assert.equal(circle("b a! a! a!"), "repeat_error");
  assert.equal(circle("b a/1! a/2! a/3!"), "repeat_error");
  assert.equal(circle("a! a! a!"), undefined, "the original wants a fourth step before");
  assert.equal(circle("b a! a! a"), undefined);
  assert.equal(circle("b a! c! a!"), undefined);
  assert.equal(circle("m m m"), "monologue");
  assert.equal(circle("m m a m"), undefined);
  assert.equal(circle("a b a b a b"), "alternation");
  assert.equal(circle("b a b a b a"), "alternation");
  assert.equal(circle("a b a b a"), undefined);
  assert.equal(circle("a b a b a b/2"), undefined);
  assert.equal(circle("a b c a b c"), undefined);
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

  /** How the agent looked at a job, and how that was. */
  job(args: { readonly wait?: number }, job: JobState): this {
    const asked = { id: job.id, confirmation_state: "confirmed" as const, thought: "", ...args };
    const origin = { reply: 0, id: `call ${this.#id}` };
    this.add(action("agent", "job", asked, { tool_call: origin }));
    const extras = { job, command: "x", duration_ms: this.#id, truncated: false };
    return this.add(observation("agent", "job", "", extras, { cause: this.#id, tool_call: origin }));
  }

  /** What the agent ran, in a reply of its own, and what that printed. */
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

test("[X2] looking again at something that changes, and sleeping before a look, are no circle", () => {
  assert.equal(times(new Log(), 9, (log, at) => log.run("cat log", `line ${at}`)).verdict, null);
  for (const command of ["sleep 5; cat log", "cd x && sleep 5", "wait", "(sleep 1)"]) {
    assert.equal(times(new Log(), 9, (log) => log.run(command, "busy")).verdict, null, command);
  }
  assert.equal(times(new Log(), 4, (log) => log.run("cat sleep.txt", "busy")).verdict, "nudge");
});

test("[X2] looking again at a job that runs, or waiting for it, is no circle; at one that has ended it is", () => {
  const running = { id: "j1", state: "running" } as const;
  assert.equal(times(new Log(), 9, (log) => log.job({}, running)).verdict, null);
  assert.equal(times(new Log(), 9, (log) => log.job({ wait: 5 }, running)).verdict, null);
  assert.equal(times(new Log(), 4, (log) => log.job({}, { ...running, state: "ended" })).verdict, "nudge");
  assert.equal(times(new Log(), 4, (log) => log.job({ wait: 5 }, { ...running, state: "ended" })).verdict, "nudge");
});

test("[X3] other words beside the same call, and a call that was refused, are seen for what they are", () => {
  assert.equal(times(new Log(), 4, (log, at) => log.run("ls", "a", `thought ${at}`)).verdict, "nudge");
  assert.equal(times(new Log(), 4, (log) => log.refused("{oh")).verdict, "nudge");
  assert.equal(times(new Log(), 4, (log, at) => log.refused(`{oh ${at}`)).verdict, null);
});

test("[X4] after the nudge one more round is the end; something else in between earns a new nudge", () => {
  const nudged = (): Log => times(new Log(), 4, (log) => log.run("ls", "a")).add(nudge);
  assert.equal(nudged().verdict, null);
  assert.equal(nudged().run("ls", "a").verdict, "pause");
  assert.equal(nudged().run("pwd", "/w").verdict, null);
  assert.equal(times(nudged().run("pwd", "/w"), 4, (log) => log.run("ls", "a")).verdict, "nudge");
  assert.equal(times(nudged(), 4, (log) => log.run("pwd", "/w")).verdict, "pause", "straight into the next circle");
});

test("[X5] a person's message, or their word to go on, begins anew; what a person runs is no step", () => {
  const three = (): Log => times(new Log(), 3, (log) => log.run("ls", "a"));
  assert.equal(three().add(chat).run("ls", "a").verdict, null);
  assert.equal(three().add(stateChange("running")).run("ls", "a").verdict, null);
  const beside = three().add(
    action("user", "run", {
      command: "pwd",
      background: false,
      hidden: false,
      confirmation_state: "confirmed",
      thought: "",
    }),
  );
  assert.equal(beside.run("ls", "a").verdict, "nudge");
});
