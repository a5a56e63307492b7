/**
 * The server is killed at every step of a task, once per run, and restarted with the same data; a person resumes the
 * work. The result is compared with a run that was not killed.
 */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { apply, emptyState, isAction, type ConversationState, type Event } from "@deckhand/protocol";
import { checkLines, checkLog, describeLog } from "./fuzz/check.ts";
import { ModelProcess, type ScriptReply } from "./kit/model-process.ts";
import { RawSocket, type Frame } from "./kit/raw-socket.ts";
import { ServerProcess } from "./kit/server-process.ts";

interface Scenario {
  readonly name: string;
  readonly replies: readonly ScriptReply[];
  readonly env: Readonly<Record<string, string>>;
  /** Actions of the agent in the undisturbed run. */
  readonly acts: readonly string[];
  /** A point that coincides with another (an action is stored, then its tool starts) is tried once, unless all are requested. */
  readonly few: readonly string[];
}

const line = (n: number, then = "") => ({ name: "run", arguments: { command: `echo ${n} >> lines${then}` } });
const finish = { calls: [{ name: "finish", arguments: { thought: "All." } }] };

const scenarios: readonly Scenario[] = [
  {
    name: "a batch",
    env: { DECKHAND_APPROVAL: "never" },
    replies: [
      { calls: [line(1)] },
      { calls: [{ name: "write", arguments: { path: "note", content: "written\n" } }] },
      { text: "Three at once.", chunk_size: 8, calls: [line(2), line(3, "; echo said; sleep 0.1"), line(4)] },
      finish,
    ],
    acts: ["run", "write", "run", "run", "run", "finish"],
    few: ["stored:1", "stored:3", "stored:4", "stored:9", "stored:14", "acted:1", "acted:2", "acted:4", "writing:4"],
  },
  {
    name: "approvals, a refusal for the rate, an unknown tool, a question, a command of the user",
    env: { DECKHAND_APPROVAL: "always" },
    replies: [
      { status: 429, headers: { "retry-after": "0" } },
      { calls: [line(1)] },
      { calls: [line(2), line(3)] },
      { calls: [{ name: "fly" }] },
      { text: "And now?" },
      finish,
    ],
    acts: ["run", "run", "message", "finish"],
    few: ["stored:3", "stored:6", "stored:7", "acted:2", "judging:2", "hearing:1"],
  },
];

/** See `server/src/main/fail-point.ts`. */
const everyPlace =
  "stored storing writing acting acted printing asking hearing replied choosing judging starting started finding reading".split(
    " ",
  );
const all = process.env["DECKHAND_ALL_TESTS"] !== undefined;
/** Readers reach these so often that more of them would only repeat the same case. */
const maxPerPoint = 30;

interface Run {
  readonly log: readonly Event[];
  readonly lines: readonly string[];
  readonly note: string;
}

type By = "word" | "message";

const conversation = "c";
const isUnknown = (event: Event): boolean =>
  !isAction(event) && event.observation === "error" && event.extras.code === "outcome_unknown";
const byAgent = (log: readonly Event[]): readonly string[] =>
  log.flatMap((event) =>
    isAction(event) && event.source === "agent"
      ? [`${event.action} ${"command" in event.args ? event.args.command : ""}`]
      : [],
  );

/** A person at the UI: gives the task, allows 1, denies 2, answers, and resumes. Ends with the work or the server. */
async function drive(server: ServerProcess, by: By): Promise<readonly Frame[]> {
  const socket = await RawSocket.open(server.wsUrl, ["deckhand.v1"]);
  const send = (action: string, args: object, command: string): void =>
    socket.send({ action, args, conversation, command });
  send("start", { task: "four lines" }, "the task");
  send("run", { command: "echo 9 >> lines" }, "mine");
  socket.send({ subscribe: { conversation } });
  let state = emptyState;
  let isLive = false;
  const late = setTimeout(() => socket[Symbol.dispose](), 30_000);
  try {
    for (let at = 0; ; at += 1) {
      const frame = await socket.next(() => true, { from: at });
      if ("timestamp" in frame) state = apply(state, frame as Event);
      isLive ||= "caught_up" in frame;
      if (!isLive) continue;
      if (state.agentState === "finished" && state.open.length === 0) return socket.frames;
      if (asksForAnswer(frame)) react(state, by, send);
    }
  } catch (error) {
    if (socket.isOpen) throw error;
    return socket.frames;
  } finally {
    clearTimeout(late);
    socket[Symbol.dispose]();
  }
}

function react(state: ConversationState, by: By, send: (action: string, args: object, command: string) => void): void {
  const { awaiting, agentState, head } = state;
  if (awaiting !== null) {
    const waiting = state.open.find(({ id }) => id === awaiting.id);
    const decision = waiting?.message.includes("echo 2") === true ? "deny" : "allow";
    send("approve", { id: awaiting.id, decision, reason: "" }, `answer ${awaiting.id}`);
  } else if (agentState === "awaiting_user_input" || (agentState === "paused" && by === "message")) {
    send("message", { content: "Go on." }, `go on ${head}`);
  } else if (agentState === "paused") {
    send("change_agent_state", { agent_state: "running" }, `go on ${head}`);
  }
}

/** Only a new state or a pending action needs an answer; the events of a reply arrive one by one. */
function asksForAnswer(frame: Frame): boolean {
  return "caught_up" in frame || "approval" in frame || frame["observation"] === "agent_state_changed";
}

async function look(server: ServerProcess): Promise<Run> {
  const text = async (name: string): Promise<string> => readFile(join(server.workspace, name), "utf8").catch(() => "");
  const response = await fetch(`${server.url}/api/conversations/${conversation}/events?limit=1000`);
  const { events: log = [] } = (await response.json()) as { events?: Event[] };
  return { log, lines: (await text("lines")).split("\n").slice(0, -1), note: await text("note") };
}

/** One scenario with its model and its undisturbed run. */
class Stage implements AsyncDisposable {
  readonly scenario: Scenario;
  readonly #model: ModelProcess;
  whole: Run = { log: [], lines: [], note: "" };

  private constructor(scenario: Scenario, model: ModelProcess) {
    this.scenario = scenario;
    this.#model = model;
  }

  static async open(scenario: Scenario): Promise<Stage> {
    // A script plays its failures once per first message, so only one of these runs would have them.
    const model = await ModelProcess.start(scenario.replies);
    const stage = new Stage(scenario, model);
    await using server = await ServerProcess.start({ env: { ...stage.env, DECKHAND_FAILPOINT: "stored:0" } });
    await drive(server, "word");
    stage.whole = await look(server);
    return stage;
  }

  get env(): Readonly<Record<string, string>> {
    return { ...this.#model.env, ...this.scenario.env, DECKHAND_RUNTIME: "host" };
  }

  /** Kills the server at the point, restarts it and finishes the work. False if the work ended before the point. */
  async killedAt(place: string, by: By): Promise<boolean> {
    const home = await mkdtemp(join(tmpdir(), "deckhand-kill-"));
    try {
      await using first = await ServerProcess.start({ home, env: { ...this.env, DECKHAND_FAILPOINT: place } });
      const shown = await drive(first, by);
      if ((await first.end()) === 0) return false;
      await using second = await ServerProcess.start({ home, env: this.env });
      const left = await look(second);
      sameAsShown(left.log, shown);
      const state = left.log.findLast((event) => !isAction(event) && event.observation === "agent_state_changed");
      if (state !== undefined)
        assert.doesNotMatch(JSON.stringify(state), /"agent_state":"running"/, "it runs without being resumed");
      // A client that got no answer sends its command again; it is executed once.
      await drive(second, by);
      this.#compare(await look(second), by);
      return true;
    } catch (error) {
      throw new Error(`${this.scenario.name}, killed at ${place}, on by ${by}: ${String(error)}`, { cause: error });
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  }

  #compare(run: Run, by: By): void {
    const { log, lines, note } = run;
    try {
      checkLog(log, this.scenario.env["DECKHAND_APPROVAL"] === "always");
      checkLines(log, lines);
      const expected = byAgent(this.whole.log);
      const did = byAgent(log);
      // A message discards the rest of a reply, and so does an unknown outcome; resuming continues it.
      if (by === "word" && !log.some(isUnknown)) {
        assert.deepEqual(did, expected);
        assert.deepEqual(lines.toSorted(), this.whole.lines.toSorted());
      } else {
        assert.deepEqual(
          did,
          expected.filter((act) => did.includes(act)),
        );
      }
      assert.equal(did.at(-1), expected.at(-1));
      if (!log.some(isUnknown)) assert.equal(note, this.whole.note);
      // The agent's and the user's own.
      assert.ok(log.filter(isUnknown).length <= 2);
    } catch (error) {
      throw new Error(`${String(error)}\n${describeLog(log)}`, { cause: error });
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#model[Symbol.asyncDispose]();
  }
}

/** Everything that the client was sent or acknowledged is in the log, unchanged. */
function sameAsShown(log: readonly Event[], shown: readonly Frame[]): void {
  for (const frame of shown) {
    if ("timestamp" in frame) {
      const { conversation: _, ...event } = frame;
      assert.deepEqual(log[event["id"] as number], event);
    } else if ("ack" in frame) assert.equal(log[frame["ack"].id as number]?.command, frame["ack"].command);
  }
}

let stages: readonly Stage[] = [];
before(async () => {
  stages = await Promise.all(scenarios.map((scenario) => Stage.open(scenario)));
});
after(() => Promise.all(stages.map((stage) => stage[Symbol.asyncDispose]())));

test("[X17] the undisturbed run does everything once", () => {
  for (const { scenario, whole } of stages) {
    const lines = scenario.env["DECKHAND_APPROVAL"] === "always" ? ["1", "9"] : ["1", "2", "3", "4", "9"];
    assert.deepEqual(whole.lines.toSorted(), lines);
    assert.deepEqual(
      byAgent(whole.log).map((act) => act.split(" ")[0]),
      scenario.acts,
    );
  }
});

const what = all ? "every place" : "some places";
/** Each kill needs two servers; on a quiet machine fifteen kills take fifteen seconds. */
const timeout = 15 * 60_000;
test(
  `[X17] killed at ${what}: nothing acknowledged is lost, nothing runs twice, and the result is the same`,
  { timeout },
  async (t) => {
    let killed = 0;
    const reached = new Set<string>();
    const one = async (stage: Stage, place: string, at: number): Promise<boolean> => {
      const wasKilled = await stage.killedAt(place, at % 2 === 0 ? "word" : "message");
      if (wasKilled) killed += 1;
      return wasKilled;
    };
    const work = stages.flatMap((stage) =>
      all
        ? everyPlace.map((place) => async () => {
            let at = 1;
            while (at <= maxPerPoint && (await one(stage, `${place}:${at}`, at))) at += 1;
            if (at > 1) reached.add(place);
          })
        : stage.scenario.few.map((place, at) => async () => {
            assert.ok(await one(stage, place, at), `${place} is not reached`);
          }),
    );
    const waiting = work.values();
    const worker = async (): Promise<void> => {
      for (const next of waiting) await next();
    };
    await Promise.all([worker(), worker(), worker()]);
    if (all) assert.deepEqual(reached, new Set(everyPlace));
    t.diagnostic(`the server was killed ${killed} times`);
  },
);

test("[X18] a server that is killed again during recovery recovers at the next start", async () => {
  const [stage] = stages;
  assert.ok(stage !== undefined);
  const home = await mkdtemp(join(tmpdir(), "deckhand-kill-"));
  await using first = await ServerProcess.start({ home, env: { ...stage.env, DECKHAND_FAILPOINT: "acted:1" } });
  await drive(first, "word");
  for (const place of ["reading:1", "starting:1", "started:1", "storing:1", "writing:1"]) {
    await assert.rejects(
      ServerProcess.start({ home, env: { ...stage.env, DECKHAND_FAILPOINT: place } }),
      /ended with null/,
    );
  }
  await using server = await ServerProcess.start({ home, env: stage.env });
  await drive(server, "word");
  const { log } = await look(server);
  checkLog(log, false);
  assert.ok(log.some(isUnknown));
  await server.end();
  await rm(home, { recursive: true, force: true });
});
