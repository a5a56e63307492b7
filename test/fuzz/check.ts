/** Invariants of every log. */
import assert from "node:assert/strict";
import { isAction, isRunnable, type Action, type Event } from "@deckhand/protocol";

/** `asks`: every action of the agent needed approval. */
export function checkLog(log: readonly Event[], asks: boolean): void {
  assert.deepEqual(
    log.map((event) => event.id),
    log.map((_, at) => at),
  );
  const commands = log.flatMap((event) => (event.command === undefined ? [] : [event.command]));
  assert.equal(new Set(commands).size, commands.length, "a command happened twice");
  const calls = log.flatMap((event) =>
    isAction(event) && event.tool_call !== undefined ? [`${event.tool_call.reply} ${event.tool_call.id}`] : [],
  );
  assert.equal(new Set(calls).size, calls.length, "a call was started twice");
  for (const action of log) {
    if (!isAction(action) || !isRunnable(action.action)) continue;
    const answers = answersOf(action, log);
    assert.equal(answers.length, 1, `action ${action.id} has ${answers.length} observations`);
    if (action.source === "agent") assert.equal(action.approval !== undefined, asks, `action ${action.id}`);
    const decisions = log.filter(
      (event) => isAction(event) && event.action === "approve" && event.args.id === action.id,
    );
    assert.ok(decisions.length <= 1, `action ${action.id} was answered ${decisions.length} times`);
  }
}

/** Each line appears at most once, written by an allowed action of the log; actions known to have run appear exactly once. */
export function checkLines(log: readonly Event[], lines: readonly string[]): void {
  assert.equal(new Set(lines).size, lines.length, `a line is there twice: ${lines.join(" ")}`);
  const mayBe = new Set<string>();
  for (const action of log) {
    if (!isAction(action) || action.action !== "run") continue;
    const name = /echo (\w+)/.exec(action.args.command)?.[1] ?? "";
    const [answer] = answersOf(action, log);
    assert.ok(answer !== undefined);
    const allowed = log.some(
      (event) =>
        isAction(event) &&
        event.action === "approve" &&
        event.args.id === action.id &&
        event.args.decision !== "deny" &&
        event.id < answer.id,
    );
    if (action.approval === undefined || allowed) mayBe.add(name);
    const ran = !isAction(answer) && answer.observation === "run" && answer.extras.exit_code === 0;
    if (ran) assert.ok(lines.includes(name), `${name} is not there`);
  }
  const wrong = lines.filter((name) => !mayBe.has(name));
  assert.deepEqual(wrong, [], "what nobody asked for, or nobody allowed, was run");
}

function answersOf(action: Action, log: readonly Event[]): readonly Event[] {
  return log.filter((event) => !isAction(event) && event.cause === action.id);
}

export function describeLog(log: readonly Event[]): string {
  const kind = (event: Event): string =>
    isAction(event) ? event.action : `→${event.observation} ${event.cause ?? ""}`;
  return log.map((event) => `${event.id} ${event.source} ${kind(event)} ${event.message.slice(0, 60)}`).join("\n");
}
