import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { action, actionArgs, observation, type Hook, type NewAction, type NewObservation } from "@deckhand/protocol";
import type { HookPoints, HookVerdict } from "../agent/hook-points.ts";
import { hostPrograms } from "../programs/program.ts";
import { findMarked, isAlive } from "../runtime/processes.ts";
import { matches } from "./match.ts";
import { openHooks } from "./open-hooks.ts";

const folder = await mkdtemp(join(tmpdir(), "deckhand-hooks-"));
after(() => rm(folder, { recursive: true, force: true }));
const never = new AbortController().signal;
const env = { PATH: process.env["PATH"], LLM_API_KEY: "sk-very-secret" };
const programs = hostPrograms({ home: folder, env, path: process.env["PATH"] ?? "" });
const living = (): number[] => findMarked(`DECKHAND_SERVER=${programs.serverMark}`).filter(isAlive);

function pointsOf(configured: Parameters<typeof openHooks>[0]["configured"]): HookPoints {
  const open = openHooks({ configured, programs, home: folder });
  return open({ conversation: "c", workspace: () => "/w", runtime: () => Promise.reject(new Error("no runtime")) });
}

const run = (command: string): NewAction => action("agent", "run", actionArgs.run.parse({ command }));
const before = (hook: Hook, action_: NewAction = run("ls"), signal = never): Promise<HookVerdict> =>
  pointsOf(() => ({ before_action: [hook] })).before(action_, 7, signal);
const extras = ({ events }: HookVerdict): NewObservation<"hook">["extras"][] =>
  events.map((event) => ("observation" in event && event.observation === "hook" ? event.extras : assert.fail()));

test("[HK1] a hook gets the event as JSON; exit code 2 blocks an action with its stderr, other codes are warnings, 0 is silent", async () => {
  const file = join(folder, "input");
  const blocked = await before({ name: "guard", command: `cat > ${file}; echo 'not on a Friday' >&2; exit 2` });
  assert.match(blocked.blockReason ?? "", /blocked by the user's hook guard\. not on a Friday$/);
  const [extra] = extras(blocked);
  assert.deepEqual(
    [extra?.event, extra?.name, extra?.action, extra?.exit_code, extra?.blocks],
    ["before_action", "guard", 7, 2, true],
  );
  const input = JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
  assert.deepEqual([input["event"], input["conversation"], input["workspace"]], ["before_action", "c", "/w"]);
  assert.deepEqual((input["action"] as { action: string; args: { command: string } }).args.command, "ls");
  const warned = await before({ command: "echo hm; exit 1" });
  assert.deepEqual([warned.blockReason, extras(warned)[0]?.exit_code, warned.events[0]?.message], [undefined, 1, "hm"]);
  assert.deepEqual(await before({ command: "cat > /dev/null" }), { events: [] });
  const long = `${"x".repeat(1_000_000)} end`;
  assert.deepEqual(await before({ command: "true" }, run(long)), { events: [] }, "a hook need not read its input");
  const complete = await before({ command: "grep -q 'x end' && exit 2" }, run(long));
  assert.ok(complete.blockReason !== undefined, "a hook gets the whole action");
});

test("[HK2] hooks run in their configured order until one blocks; hooks for other actions do not run", async () => {
  const file = join(folder, "order");
  const append = (word: string, code = 0): Hook => ({ command: `echo ${word} >> ${file}; exit ${code}` });
  const hooks = [append("a"), { ...append("no"), action: "edit" }, append("b", 2), append("c")];
  assert.ok((await pointsOf(() => ({ before_action: hooks })).before(run("ls"), 1, never)).blockReason !== undefined);
  assert.equal(await readFile(file, "utf8"), "a\nb\n");
});

test("[HK3] a pattern is compared with each simple command of a line; a line that cannot be parsed into words matches", async () => {
  const push: Hook = { command: "", action: "run", pattern: "git push*" };
  for (const command of [
    "git push",
    "git push origin main",
    "make && git push -f",
    "ls; 'git' push",
    'eval "$(x)"',
    "git $P",
  ]) {
    assert.ok(await matches(push, run(command), "/w"), command);
  }
  for (const command of ["git status", "echo git push", "make && ls"])
    assert.ok(!(await matches(push, run(command), "/w")), command);
  const write = action("agent", "write", actionArgs.write.parse({ path: "src/a.ts", content: "" }));
  assert.ok(await matches({ command: "", pattern: "/w/src/*" }, write, "/w"));
  assert.ok(await matches({ command: "", pattern: "*.ts" }, write, "/w"));
  assert.ok(!(await matches({ command: "", pattern: "*.js" }, write, "/w")));
  const toolCall = action("agent", "call_tool", actionArgs.call_tool.parse({ server: "github", name: "create" }));
  for (const kind of ["call_tool", "github__create", "github__*"])
    assert.ok(await matches({ command: "", action: kind }, toolCall, "/w"));
  assert.ok(!(await matches({ command: "", action: "jira__*" }, toolCall, "/w")));
});

test("[HK4] a hook that times out is killed with everything it started; before an action this blocks, otherwise it is a warning", async () => {
  const slow: Hook = { name: "slow", command: "setsid sleep 987654 & sleep 987654", timeout_seconds: 0.2 };
  const verdict = await before(slow);
  assert.match(verdict.blockReason ?? "", /the user's hook slow timed out/);
  assert.deepEqual([extras(verdict)[0]?.timed_out, extras(verdict)[0]?.exit_code], [true, -1]);
  assert.deepEqual(living(), []);
  for (const hook of [{ command: "/nowhere/guard" }, { command: "true", sandbox: true }]) {
    assert.match((await before(hook)).blockReason ?? "", /could not be executed/, "nothing allowed the action");
  }
  const stopped = await pointsOf(() => ({ stop: [slow] })).stop(run("x"), 0, never);
  assert.deepEqual([stopped.blockReason, extras(stopped)[0]?.timed_out], [undefined, true]);
  const stop = new AbortController();
  const running = before({ command: "sleep 987654" }, run("ls"), stop.signal);
  while (living().length === 0) await new Promise((resolve) => setImmediate(resolve));
  const began = performance.now();
  stop.abort();
  await running;
  // The hook would run for days; the bound only has to hold on a busy machine.
  assert.ok(performance.now() - began < 20_000, "a stop does not wait for the hook");
  assert.deepEqual(living(), []);
});

test("[HK5] a failing check returns its output to the agent, at most three times", async () => {
  const { stop } = pointsOf(() => ({ stop: [{ name: "tests", command: "echo '1 of 3 fails' >&2; exit 2" }] }));
  const finish = action("agent", "finish", { outputs: {}, thought: "Done." });
  const first = await stop(finish, 0, never);
  assert.match(
    first.events[0]?.message ?? "",
    /The task is not finished: the check tests failed\. Fix the problem.*\n1 of 3 fails/,
  );
  assert.deepEqual([extras(first)[0]?.shown_to_model, extras(first)[0]?.blocks], [true, true]);
  assert.ok((await stop(finish, 2, never)).blockReason !== undefined);
  const last = await stop(finish, 3, never);
  assert.deepEqual(
    [last.blockReason, extras(last)[0]?.blocks, extras(last)[0]?.shown_to_model],
    [undefined, false, false],
  );
});

test("[HK6] a hook after an action informs the model; a hook at the start informs or blocks the agent", async () => {
  const read = observation("agent", "read", "text", { path: "a" });
  const points = pointsOf(() => ({
    after_action: [{ name: "lint", command: "cat > /dev/null; echo 'line 3: no' >&2; exit 2" }],
    start: [{ name: "hello", command: "echo 'the database is down today'" }],
  }));
  const objection = await points.after(run("ls"), 1, read, never);
  assert.deepEqual([objection.blockReason, extras(objection)[0]?.shown_to_model], [undefined, true]);
  assert.match(objection.events[0]?.message ?? "", /hook lint reported a problem:\nline 3: no/);
  const started = await points.start(never);
  assert.deepEqual([started.blockReason, extras(started)[0]?.shown_to_model], [undefined, true]);
  assert.match(started.events[0]?.message ?? "", /hook hello:\nthe database is down today/);
  const refused = await pointsOf(() => ({ start: [{ command: "exit 2" }] })).start(never);
  assert.match(refused.blockReason ?? "", /prevented the agent from starting/);
});

test("[HK7] a hook's output is bounded, it gets no API key, and it does not start in the workspace", async () => {
  const loud = await before({ command: "yes | head -c 300000; exit 1" });
  assert.ok((loud.events[0]?.message.length ?? 0) < 9000);
  assert.match(loud.events[0]?.message ?? "", /characters omitted/);
  const shown = (await before({ command: "env; pwd; exit 1" })).events[0]?.message ?? "";
  assert.ok(!shown.includes("sk-very-secret") && shown.trim().endsWith("/hooks"), shown);
});
