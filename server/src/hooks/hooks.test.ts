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
const living = (): number[] => findMarked(`DECKHAND_HOUSE=${programs.house}`).filter(isAlive);

function pointsOf(set: Parameters<typeof openHooks>[0]["set"]): HookPoints {
  const open = openHooks({ set, programs, home: folder });
  return open({ conversation: "c", workspace: () => "/w", runtime: () => Promise.reject(new Error("there is none")) });
}

const run = (command: string): NewAction => action("agent", "run", actionArgs.run.parse({ command }));
const before = (hook: Hook, asked: NewAction = run("ls"), signal = never): Promise<HookVerdict> =>
  pointsOf(() => ({ before_action: [hook] })).before(asked, 7, signal);
const extras = ({ events }: HookVerdict): NewObservation<"hook">["extras"][] =>
  events.map((event) => ("observation" in event && event.observation === "hook" ? event.extras : assert.fail()));

test("[HK1] a hook gets what happens as JSON; exit code 2 stops an action with its words, another is a warning, 0 says nothing", async () => {
  const file = join(folder, "story");
  const blocked = await before({ name: "guard", command: `cat > ${file}; echo 'not on a Friday' >&2; exit 2` });
  assert.match(blocked.blockReason ?? "", /the hook guard of the user has stopped it\. not on a Friday$/);
  const [told] = extras(blocked);
  assert.deepEqual(
    [told?.event, told?.name, told?.action, told?.exit_code, told?.blocks],
    ["before_action", "guard", 7, 2, true],
  );
  const story = JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
  assert.deepEqual([story["event"], story["conversation"], story["workspace"]], ["before_action", "c", "/w"]);
  assert.deepEqual((story["action"] as { action: string; args: { command: string } }).args.command, "ls");
  const warned = await before({ command: "echo hm; exit 1" });
  assert.deepEqual([warned.blockReason, extras(warned)[0]?.exit_code, warned.events[0]?.message], [undefined, 1, "hm"]);
  assert.deepEqual(await before({ command: "cat > /dev/null" }), { events: [] });
  const long = `${"x".repeat(1_000_000)} end`;
  assert.deepEqual(await before({ command: "true" }, run(long)), { events: [] }, "it need not read");
  const whole = await before({ command: "grep -q 'x end' && exit 2" }, run(long));
  assert.ok(whole.blockReason !== undefined, "it gets all of what it decides about");
});

test("[HK2] hooks are asked in their order until one stops; those of other actions are not asked", async () => {
  const file = join(folder, "order");
  const say = (word: string, code = 0): Hook => ({ command: `echo ${word} >> ${file}; exit ${code}` });
  const hooks = [say("a"), { ...say("no"), action: "edit" }, say("b", 2), say("c")];
  assert.ok((await pointsOf(() => ({ before_action: hooks })).before(run("ls"), 1, never)).blockReason !== undefined);
  assert.equal(await readFile(file, "utf8"), "a\nb\n");
});

test("[HK3] a pattern is about each simple command of a line, and a line that cannot be read word by word is asked about", async () => {
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
  const foreign = action("agent", "call_tool", actionArgs.call_tool.parse({ server: "github", name: "create" }));
  for (const kind of ["call_tool", "github__create", "github__*"])
    assert.ok(await matches({ command: "", action: kind }, foreign, "/w"));
  assert.ok(!(await matches({ command: "", action: "jira__*" }, foreign, "/w")));
});

test("[HK4] a hook that takes too long is ended with all that it started: before an action that stops it, else it is a warning", async () => {
  const slow: Hook = { name: "slow", command: "setsid sleep 987654 & sleep 987654", timeout_seconds: 0.2 };
  const verdict = await before(slow);
  assert.match(verdict.blockReason ?? "", /the hook slow did not answer in time/);
  assert.deepEqual([extras(verdict)[0]?.timed_out, extras(verdict)[0]?.exit_code], [true, -1]);
  assert.deepEqual(living(), []);
  for (const hook of [{ command: "/nowhere/guard" }, { command: "true", sandbox: true }]) {
    assert.match((await before(hook)).blockReason ?? "", /could not be asked/, "nobody said that it may");
  }
  const after_ = await pointsOf(() => ({ stop: [slow] })).stop(run("x"), 0, never);
  assert.deepEqual([after_.blockReason, extras(after_)[0]?.timed_out], [undefined, true]);
  const stop = new AbortController();
  const asking = before({ command: "sleep 987654" }, run("ls"), stop.signal);
  while (living().length === 0) await new Promise((resolve) => setImmediate(resolve));
  const began = performance.now();
  stop.abort();
  await asking;
  assert.ok(performance.now() - began < 800, "a stop does not wait for it");
  assert.deepEqual(living(), []);
});

test("[HK5] a check that fails sends the agent back with what it printed, three times", async () => {
  const { stop } = pointsOf(() => ({ stop: [{ name: "tests", command: "echo '1 of 3 fails' >&2; exit 2" }] }));
  const finish = action("agent", "finish", { outputs: {}, thought: "Done." });
  const first = await stop(finish, 0, never);
  assert.match(
    first.events[0]?.message ?? "",
    /It is not done yet: the check tests failed\. Put it right.*\n1 of 3 fails/,
  );
  assert.deepEqual([extras(first)[0]?.shown_to_model, extras(first)[0]?.blocks], [true, true]);
  assert.ok((await stop(finish, 2, never)).blockReason !== undefined);
  const last = await stop(finish, 3, never);
  assert.deepEqual(
    [last.blockReason, extras(last)[0]?.blocks, extras(last)[0]?.shown_to_model],
    [undefined, false, false],
  );
});

test("[HK6] after an action a hook tells the model, at the start it says something or stops it", async () => {
  const read = observation("agent", "read", "text", { path: "a" });
  const points = pointsOf(() => ({
    after_action: [{ name: "lint", command: "cat > /dev/null; echo 'line 3: no' >&2; exit 2" }],
    start: [{ name: "hello", command: "echo 'the database is down today'" }],
  }));
  const seen = await points.after(run("ls"), 1, read, never);
  assert.deepEqual([seen.blockReason, extras(seen)[0]?.shown_to_model], [undefined, true]);
  assert.match(seen.events[0]?.message ?? "", /lint objects:\nline 3: no/);
  const started = await points.start(never);
  assert.deepEqual([started.blockReason, extras(started)[0]?.shown_to_model], [undefined, true]);
  assert.match(started.events[0]?.message ?? "", /hello says:\nthe database is down today/);
  const refused = await pointsOf(() => ({ start: [{ command: "exit 2" }] })).start(never);
  assert.match(refused.blockReason ?? "", /did not let the agent begin/);
});

test("[HK7] what a hook prints is bounded, it gets no key, and it does not begin in the workspace", async () => {
  const loud = await before({ command: "yes | head -c 300000; exit 1" });
  assert.ok((loud.events[0]?.message.length ?? 0) < 9000);
  assert.match(loud.events[0]?.message ?? "", /characters are left out/);
  const shown = (await before({ command: "env; pwd; exit 1" })).events[0]?.message ?? "";
  assert.ok(!shown.includes("sk-very-secret") && shown.trim().endsWith("/hooks"), shown);
});
