import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { action, errorObservation, observation, stateChange, type Event, type NewEvent } from "@deckhand/protocol";
import { ClassicView } from "./view.ts";
import type { ClassicVersion } from "../dialect.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- a missing field fails the assertion that reads it
type Frame = any;

const stored = (events: readonly NewEvent[]): Event[] =>
  events.map((event, id) => ({ id, timestamp: "2026-11-22T10:00:00.123Z", ...event }));

function show(version: ClassicVersion, replayHead: number, ...events: NewEvent[]): Frame[] {
  const view = new ClassicView(version, replayHead);
  return stored(events).flatMap((event) => view.framesFor(event).map(({ frame }) => frame));
}

const live = (version: ClassicVersion, ...events: NewEvent[]): Frame[] => show(version, -1, ...events);
const replay = (version: ClassicVersion, ...events: NewEvent[]): Frame[] => show(version, events.length, ...events);

const confirmation_state = "confirmed";
const command = (source: "user" | "agent", text: string): NewEvent =>
  action(source, "run", { command: text, background: false, hidden: false, confirmation_state, thought: "" });
const ran = (source: "user" | "agent", text: string, content: string, cause: number): NewEvent =>
  observation(
    source,
    "run",
    content,
    { command: text, exit_code: 0, cwd: "/w", duration_ms: 1, truncated: false, hidden: false },
    { cause },
  );
const userMessage = (content: string): NewEvent =>
  action("user", "message", { content, image_urls: null, wait_for_response: false });
const states = (frames: Frame[]): string[] => frames.map((frame) => frame.extras?.agent_state).filter(Boolean);

describe("the classic view of new events", () => {
  test("[W20] shows initialization with the status frames of its version, in the recorded order", () => {
    const initialize = [action("user", "initialize", {}), stateChange("loading"), stateChange("init")] as const;
    assert.deepEqual(
      live("0.9", ...initialize).map((frame) => frame.status ?? frame.extras.agent_state),
      ["loading", "STATUS$STARTING_RUNTIME", "init", " "],
    );
    assert.deepEqual(
      live("0.14", ...initialize).map((frame) => (frame.status_update ? frame.id : frame.extras.agent_state)),
      ["loading", "STATUS$STARTING_RUNTIME", "STATUS$WAITING_FOR_CLIENT", " ", "init"],
    );
  });

  test("[W21] shows no actions of clients and no internal events", () => {
    const chat = observation("user", "chat", "go", { image_urls: null }, { cause: 0 });
    for (const version of ["0.9", "0.14"] as const) {
      assert.deepEqual(live(version, userMessage("go"), command("user", "ls"), chat), []);
    }
  });

  test("[DG15] shows a delegation and its result, and nothing in between", () => {
    const task = action("agent", "delegate", { agent: "explorer", task: "look", inputs: { deep: true }, thought: "" });
    const used = { input: 1, output: 1, cached_input: 0, cache_write: 0, reasoning: 0 };
    const child = { conversation: "c", action: 0, agent: "explorer", agent_state: "finished", awaiting: null } as const;
    const progress = observation("environment", "child", "", {
      ...child,
      usage: used,
      cost_usd: 1,
      steps: 1,
      unpriced_steps: 0,
    });
    const result = observation(
      "agent",
      "delegate",
      "explorer has finished.",
      {
        outputs: { answer: "here" },
        conversation: "c",
        agent: "explorer",
        agent_state: "finished",
        steps: 1,
        cost_usd: 1,
        duration_ms: 1,
      },
      { cause: 0 },
    );
    for (const version of ["0.9", "0.14"] as const) {
      for (const frames of [live(version, task, progress, result), replay(version, task, progress, result)]) {
        assert.deepEqual(
          frames.map(({ action: actionKind, observation: observationKind, args, extras, message }) => [
            actionKind ?? observationKind,
            args ?? extras,
            message,
          ]),
          [
            [
              "delegate",
              { agent: "explorer", inputs: { task: "look", deep: true }, thought: "" },
              "I'm asking explorer for help with this task.",
            ],
            ["delegate", { outputs: { answer: "here" } }, ""],
          ],
        );
      }
    }
  });

  test("[EV3] shows only those fields of finish that classic clients know", () => {
    const evidence = [{ claim: "tests pass", command: "npm test", verdict: "shown" as const, event: 1, exit_code: 0 }];
    const changes = { files: [], changed_files: 0, added_lines: 0, deleted_lines: 0 };
    const finish = action("agent", "finish", { outputs: {}, thought: "Done.", evidence, changes });
    for (const version of ["0.9", "0.14"] as const) {
      const [frame] = live(version, finish);
      assert.deepEqual([frame?.args, frame?.message], [{ outputs: {}, thought: "Done." }, "Done."]);
    }
  });

  test("[W22] shows an action of the agent with every argument of its version", () => {
    const [older] = live("0.9", command("agent", "ls"));
    assert.deepEqual(older, {
      id: 0,
      timestamp: older.timestamp,
      source: "agent",
      message: "Running command: ls",
      action: "run",
      args: { command: "ls", thought: "", blocking: true, keep_prompt: true, is_confirmed: "confirmed" },
      timeout: 120,
    });
    assert.match(older.timestamp, /^2026-11-2\dT\d\d:\d\d:00\.123000$/);
    const [newer] = live("0.14", command("agent", "ls"));
    assert.deepEqual(newer.args, {
      command: "ls",
      thought: "",
      blocking: true,
      keep_prompt: true,
      hidden: false,
      confirmation_state: "confirmed",
    });
    const python = action("agent", "run_ipython", { code: "1", confirmation_state, thought: "" });
    assert.deepEqual(live("0.14", python)[0].args, {
      code: "1",
      thought: "",
      include_extra: true,
      confirmation_state: "confirmed",
      kernel_init_code: "",
    });
    const asks = action("agent", "message", { content: "What next?", image_urls: null, wait_for_response: true });
    assert.deepEqual(live("0.9", asks)[0].args, { content: "What next?", images_urls: null, wait_for_response: true });
    assert.deepEqual(live("0.14", asks)[0].args, { content: "What next?", image_urls: null, wait_for_response: true });
  });

  test("[W23] shows command output in the format of its version", () => {
    const [, older] = live("0.9", command("agent", "ls"), ran("agent", "ls", "a\nb\n", 0));
    assert.deepEqual([older.content, older.extras], ["a\nb\n", { command_id: -1, command: "ls", exit_code: 0 }]);
    const [, newer] = live("0.14", command("agent", "ls"), ran("agent", "ls", "a\nb\n", 0));
    assert.equal(newer.content, "ls\r\na\r\nb");
    assert.deepEqual(newer.extras, {
      command_id: -1,
      command: "ls",
      exit_code: 0,
      hidden: false,
      interpreter_details: "",
    });
    const [ofUser] = live("0.14", command("user", "ls"), ran("user", "ls", "a\n", 0));
    assert.deepEqual([ofUser.content, ofUser.source, ofUser.cause], ["a", "user", 0]);
  });

  test("[W24] shows results of a client's own actions: all in 0.9, only commands and errors in 0.14", () => {
    const read = action("user", "read", { path: "x", start: 0, end: -1, thought: "" });
    const answer = observation("user", "read", "text", { path: "/w/x" }, { cause: 0 });
    const missing = errorObservation("user", "file_not_found", "File not found", { cause: 0 });
    assert.deepEqual(live("0.14", read, answer), []);
    assert.equal(live("0.9", read, answer)[0].source, "user");
    const [error] = live("0.14", read, missing);
    assert.deepEqual([error.source, error.cause, error.content], ["agent", 0, "File not found"]);
    assert.equal(live("0.9", read, missing)[0].content, "File not found");
  });

  test("[W25] shows a failed turn as an error and then the state in 0.9, as the state and then a status in 0.14", () => {
    const failure = [errorObservation("environment", "model_auth", "boom"), stateChange("error")] as const;
    const older = live("0.9", ...failure);
    assert.equal(older[0].content, "There was an unexpected error while running the agent");
    assert.equal(older[0].extras.detail, "boom");
    assert.deepEqual(states(older), ["error"]);
    assert.equal(older[1].observation, "agent_state_changed");
    const newer = live("0.14", ...failure);
    assert.deepEqual(states(newer), ["error"]);
    assert.deepEqual(newer[1], { status_update: true, type: "error", id: "", message: "boom" });
  });

  test("[W26] shows a limit as paused in 0.9, and in 0.14 as an error that the UI's own pause turns into paused", () => {
    const sentence = "Agent reached maximum iteration. Current iteration: 2.00, max iteration: 2.00. ";
    const pause = action("user", "change_agent_state", { agent_state: "paused", thought: "" });
    const resume = action("user", "change_agent_state", { agent_state: "running", thought: "" });
    const events = [
      errorObservation("environment", "limit_steps", sentence),
      stateChange("paused"),
      pause,
      resume,
      stateChange("running"),
      pause,
    ] as const;
    const newer = live("0.14", ...events);
    assert.deepEqual(states(newer), ["error", "paused", "running"]);
    assert.equal(newer[1].message, sentence);
    const ids = newer.filter((frame) => !frame.status_update).map((frame) => frame.id);
    assert.deepEqual(ids, [1, 2, 4]);
    const older = live("0.9", ...events);
    assert.equal(
      older[0].content,
      "Agent reached maximum iteration, task paused. Current iteration: 2.00, max iteration: 2.00. " +
        "Please click on resume button if you'd like to continue, or start a new task.",
    );
    assert.deepEqual(states(older), ["paused", "running"]);
  });

  test("[X8] shows a stuck agent as an error and then the state `error`, followed by the UI's own pause", () => {
    const nudge = observation("environment", "nudge", "round", { reason: "repeat" });
    const pause = action("user", "change_agent_state", { agent_state: "paused", thought: "" });
    const events = [
      nudge,
      errorObservation("environment", "stuck", "Agent got stuck in a loop"),
      stateChange("paused"),
      pause,
    ] as const;
    const newer = live("0.14", ...events);
    const status = { status_update: true, type: "error", id: "", message: "Agent got stuck in a loop" };
    assert.deepEqual(newer[0], status);
    assert.deepEqual(states(newer), ["error", "paused"]);
    const older = live("0.9", ...events);
    assert.equal(older[0].observation, "error");
    assert.equal(older[0].content, "Agent got stuck in a loop");
    assert.deepEqual(states(older), ["error"]);
  });

  test("[W27] shows a refused tool call as an error at once, not as the end of the turn", () => {
    const refused = errorObservation("agent", "unknown_tool", "Tool nope is not registered.", {
      tool_call: { reply: 0, id: "c" },
    });
    for (const version of ["0.9", "0.14"] as const) {
      assert.equal(live(version, refused)[0].content, "Tool nope is not registered.");
    }
  });

  test("[W28] shows a retry as a status in 0.14, and not at all in 0.9", () => {
    const retry = observation("environment", "status", "Trying again in 2 s.", { code: "model_rate_limited" });
    assert.deepEqual(live("0.14", retry), [
      { status_update: true, type: "info", id: "", message: "Trying again in 2 s." },
    ]);
    assert.deepEqual(live("0.9", retry), []);
  });
});

describe("the classic view of existing events", () => {
  const log = [
    action("user", "initialize", {}),
    stateChange("loading"),
    stateChange("init"),
    action("user", "start", { task: "go" }),
    stateChange("running"),
    observation("user", "chat", "go", { image_urls: null }, { cause: 3 }),
    command("agent", "ls"),
    ran("agent", "ls", "a\n", 6),
    command("user", "pwd"),
    ran("user", "pwd", "/w\n", 8),
    action("user", "change_agent_state", { agent_state: "paused", thought: "" }),
    stateChange("paused"),
    errorObservation("environment", "model_auth", "boom"),
    stateChange("error"),
  ] as const;

  test("[W29] shows all but states and internal events, with their true source, and `start` as a message", () => {
    const frames = replay("0.14", ...log);
    assert.deepEqual(
      frames.map((frame) => [frame.id, frame.source, frame.action ?? frame.observation]),
      [
        [3, "user", "message"],
        [6, "agent", "run"],
        [7, "agent", "run"],
        [8, "user", "run"],
        [9, "user", "run"],
      ],
    );
    assert.deepEqual(frames[0].args, { content: "go", image_urls: null, wait_for_response: false });
    assert.equal(frames[1].args.blocking, false);
    assert.ok(frames.every((frame) => !("timeout" in frame)));
    assert.deepEqual(
      replay("0.9", ...log).map((frame) => frame.id),
      [3, 6, 7, 8, 9, 12],
    );
  });

  test("[W30] switches to the live filter for events after them", () => {
    const frames = show("0.14", 7, ...log);
    assert.deepEqual(
      frames.map((frame) => frame.id),
      [3, 6, 7, 9, 11, 13, ""],
    );
    assert.deepEqual(states(frames), ["paused", "error"]);
  });
});
