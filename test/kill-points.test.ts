/**
 * The server is killed at every step of a task, each time in another run, and started again on what it left; a person
 * lets it go on. What comes of it is held against the run that was not killed.
 */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ModelProcess } from "./kit/model-process.ts";
import { RawSocket, type Frame } from "./kit/raw-socket.ts";
import { ServerProcess } from "./kit/server-process.ts";

const line = (n: number) => ({ name: "run", arguments: { command: `echo ${n} >> lines` } });
const replies = [
  { calls: [line(1)] },
  { calls: [{ name: "write", arguments: { path: "note", content: "written\n" } }] },
  { text: "Three at once.", calls: [line(2), line(3), line(4)] },
  { calls: [{ name: "finish", arguments: { thought: "All four." } }] },
];

/** As `server/src/fail-point.ts` has them. Appends: see `theWhole` for how many there are. */
const appends = 14;
const all: readonly string[] = [
  ...numbered("stored", appends),
  ...numbered("acted", 5),
  ...numbered("replied", 4),
  ...numbered("writing", appends),
  ...numbered("acting", 5),
  ...numbered("asking", 4),
  ...numbered("storing", appends),
];
/** What stands at one place twice (an action is stored, then its tool begins) is tried once, unless all are wanted. */
const few = all.filter((place) => /^(stored:(1|2|3|4|7|9|13|14)|acted:[124]|writing:[134]|replied:3)$/.test(place));
const places = process.env["DECKHAND_ALL_TESTS"] === undefined ? few : all;

function numbered(place: string, count: number): string[] {
  return Array.from({ length: count }, (_, at) => `${place}:${at + 1}`);
}

interface Run {
  readonly log: readonly Frame[];
  readonly lines: readonly string[];
  readonly note: string;
}

let model: ModelProcess;
let whole: Run;
before(async () => {
  model = await ModelProcess.start(replies);
  whole = await theWhole();
});
after(() => model?.[Symbol.asyncDispose]());

const runtime = { DECKHAND_RUNTIME: "host", DECKHAND_APPROVAL: "never" };
const rests = new Set(["paused", "finished", "error", "awaiting_user_input"]);

/** The run that nobody kills, with a place that is never reached. */
async function theWhole(): Promise<Run> {
  await using server = await ServerProcess.start({ env: { ...model.env, ...runtime, DECKHAND_FAILPOINT: "stored:0" } });
  using socket = await begin(server);
  await socket.state("finished");
  return await look(server);
}

async function begin(server: ServerProcess): Promise<RawSocket> {
  const socket = await RawSocket.open(server.wsUrl, ["deckhand.v1"]);
  socket.send({ action: "start", args: { task: "four lines" }, conversation: "c", command: "the task" });
  socket.send({ subscribe: { conversation: "c" } });
  return socket;
}

/** Fails when the place is not reached. */
async function framesUntilKilled(server: ServerProcess): Promise<readonly Frame[]> {
  const socket = await begin(server);
  const late = setTimeout(() => socket[Symbol.dispose](), 15_000);
  await socket.closed;
  clearTimeout(late);
  assert.equal(await server.end(), null, "the server was not killed there");
  return socket.frames;
}

async function look(server: ServerProcess): Promise<Run> {
  const text = async (name: string): Promise<string> => readFile(join(server.workspace, name), "utf8").catch(() => "");
  const response = await fetch(`${server.url}/api/conversations/c/events?limit=1000`);
  const { events: log } = (await response.json()) as { events: Frame[] };
  return { log, lines: (await text("lines")).split("\n").slice(0, -1), note: await text("note") };
}

/** Killed there, started again, and on to the end by a word or by a message. */
async function killedAt(place: string, by: "word" | "message"): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), "deckhand-kill-"));
  try {
    const env = { ...model.env, ...runtime };
    await using first = await ServerProcess.start({ home, env: { ...env, DECKHAND_FAILPOINT: place } });
    const told = await framesUntilKilled(first);
    await using second = await ServerProcess.start({ home, env });
    const found = (await fetch(`${second.url}/api/conversations/c`)).status === 200;
    const left = found ? (await look(second)).log : [];
    sameAsTold(left, told);
    if (left.length > 0) assert.ok(rests.has(stateOf(left)), `it runs by itself: ${stateOf(left)}`);
    // Whoever got no answer sends again: it happens once.
    using socket = await begin(second);
    if (left.length > 0) {
      await socket.next((frame) => "caught_up" in frame);
      if (stateOf(left) !== "finished") goOn(socket, by);
    }
    await socket.state("finished");
    compare(await look(second), by);
  } catch (error) {
    throw new Error(`killed at ${place}, on by ${by}: ${String(error)}`, { cause: error });
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

function goOn(socket: RawSocket, by: "word" | "message"): void {
  if (by === "word") socket.send({ action: "change_agent_state", args: { agent_state: "running" }, conversation: "c" });
  else socket.send({ action: "message", args: { content: "go on" }, conversation: "c" });
}

function stateOf(log: readonly Frame[]): string {
  return (log.findLast((event) => event["observation"] === "agent_state_changed")?.["extras"].agent_state ??
    "") as string;
}

/** Everything that the client was shown or promised is in the log, and as it was shown. */
function sameAsTold(log: readonly Frame[], told: readonly Frame[]): void {
  for (const frame of told) {
    if ("timestamp" in frame) {
      const { conversation: _, ...event } = frame;
      assert.deepEqual(log[event["id"] as number], event);
    } else if ("ack" in frame) assert.equal(log[frame["ack"].id as number]?.["command"], frame["ack"].command);
  }
}

const command = (event: Frame): string =>
  JSON.stringify([event["action"], event["args"].command ?? event["args"].path]);
const byAgent = (log: readonly Frame[]): Frame[] =>
  log.filter((event) => "action" in event && event["source"] === "agent");

function compare({ log, lines, note }: Run, by: "word" | "message"): void {
  assert.deepEqual(
    log.map((event) => event["id"]),
    log.map((_, at) => at),
  );
  assert.equal(log.filter((event) => event["action"] === "start").length, 1);
  const did = byAgent(log);
  const expected = byAgent(whole.log).map(command);
  const isUnknown = (event: Frame): boolean => event["extras"]?.code === "outcome_unknown";
  // A message puts aside what was left of a reply, and so does what is not known of it; a word goes on with it.
  if (by === "word" && !log.some(isUnknown)) assert.deepEqual(did.map(command), expected);
  else
    assert.deepEqual(
      did.map(command),
      expected.filter((each) => did.map(command).includes(each)),
    );
  const done: string[] = [];
  const unknown: string[] = [];
  for (const action of did.filter((event) => event["action"] !== "finish")) {
    const answers = log.filter((event) => event["cause"] === action["id"]);
    assert.equal(answers.length, 1, `${command(action)} has ${answers.length} observations`);
    const number = /echo (\d)/.exec(command(action))?.[1];
    const notKnown = answers.some(isUnknown);
    if (number !== undefined) (notKnown ? unknown : done).push(number);
    else if (!notKnown) assert.equal(note, whole.note);
  }
  assert.ok(unknown.length <= 1);
  assert.equal(new Set(lines).size, lines.length, `a line is there twice: ${lines.join(" ")}`);
  assert.deepEqual(
    lines.filter((each) => !unknown.includes(each)),
    done,
  );
}

test("[X17] the run that is not killed does each thing once, in so many appends", () => {
  assert.deepEqual(whole.lines, ["1", "2", "3", "4"]);
  assert.equal(whole.note, "written\n");
  assert.deepEqual(
    byAgent(whole.log).map((event) => event["action"]),
    ["run", "write", "run", "run", "run", "finish"],
  );
});

test(`[X17] killed at any of ${places.length} places, nothing told is lost, nothing is done twice, and it ends the same`, async () => {
  const waiting = places.entries();
  const worker = async (): Promise<void> => {
    for (const [at, place] of waiting) await killedAt(place, at % 2 === 0 ? "word" : "message");
  };
  await Promise.all([worker(), worker()]);
});

test("[X18] killed again while it clears up after the first time, it clears up at the next start", async () => {
  const home = await mkdtemp(join(tmpdir(), "deckhand-kill-"));
  const env = { ...model.env, ...runtime };
  await using first = await ServerProcess.start({ home, env: { ...env, DECKHAND_FAILPOINT: "acted:1" } });
  await (
    await begin(first)
  ).closed;
  for (const place of ["storing:1", "writing:1"]) {
    await assert.rejects(ServerProcess.start({ home, env: { ...env, DECKHAND_FAILPOINT: place } }), /ended with null/);
  }
  await using server = await ServerProcess.start({ home, env });
  using socket = await begin(server);
  await socket.next((frame) => "caught_up" in frame);
  goOn(socket, "word");
  await socket.state("finished");
  const { log } = await look(server);
  assert.equal(log.filter((event) => event["extras"]?.code === "outcome_unknown").length, 1);
  await server.end();
  await rm(home, { recursive: true, force: true });
});
