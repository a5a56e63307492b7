import assert from "node:assert/strict";
import { test } from "node:test";
import { action, observation, type Event, type NewEvent } from "@deckhand/protocol";
import { visits } from "./browser/visits.ts";
import { lastChange, moments } from "./changes/moments.ts";
import { cells } from "./notebook/cells.ts";
import { lastPlan, openTasks } from "./plan/plan.ts";
import { urlWithPath } from "./ports/devices.ts";
import { jobScreens } from "./sandbox/job-screens.ts";

function log(...events: readonly NewEvent[]): readonly Event[] {
  return events.map((event, id) => ({ id, timestamp: "2026-01-01T00:00:00.000Z", ...event }));
}

const leftOut = { ignored: 0, large: 0, unreadable: 0 };
const snapshot = (after: number): NewEvent =>
  observation("environment", "checkpoint", "", {
    tree: "t",
    after,
    external: false,
    excluded: leftOut,
    duration_ms: 1,
  });

test("[UW9] the latest plan counts, with the number of its open tasks", () => {
  const tasks = [
    { title: "a", status: "done" as const },
    { title: "b", status: "todo" as const },
  ];
  const events = log(
    action("agent", "plan", { tasks: [{ title: "old", status: "todo" }], thought: "" }),
    action("agent", "plan", { tasks, thought: "" }),
    observation("agent", "plan", "", { tasks }, { cause: 1 }),
  );
  assert.deepEqual(lastPlan(events)?.tasks, tasks);
  assert.equal(openTasks(events), 1);
  assert.equal(lastPlan([]), undefined);
});

test("[UW9] a visit pairs the request with its result, and only image data is shown as an image", () => {
  const page = (screenshot: string) => ({
    url: "http://a/",
    title: "A",
    text: "t",
    status: 200,
    screenshot,
    error: false,
  });
  const events = log(
    action("agent", "browse", { url: "http://a", thought: "" }),
    observation("agent", "browse", "", page("data:text/html,<script>"), { cause: 0 }),
    action("agent", "browse", { url: "http://b", thought: "" }),
    observation("agent", "error", "no", { code: "fetch_failed", retryable: true, error_id: "" }, { cause: 2 }),
    action("agent", "browse", { url: "http://c", thought: "" }),
    observation("agent", "browse", "", page("data:image/png;base64,AAAA"), { cause: 4 }),
    action("agent", "browse", { url: "http://d", thought: "" }),
  );
  assert.deepEqual(
    visits(events).map(({ asked, page: seen, failure }) => [asked, seen?.screenshot, failure]),
    [
      ["http://a", "", undefined],
      ["http://b", undefined, "no"],
      ["http://c", "data:image/png;base64,AAAA", undefined],
      ["http://d", undefined, undefined],
    ],
  );
});

test("[UW9] cells are numbered as a kernel does, with their output and images", () => {
  const events = log(
    action("agent", "run_ipython", { code: "1", confirmation_state: "confirmed", thought: "" }),
    {
      ...observation("agent", "run_ipython", "2", { code: "1" }, { cause: 0 }),
      extras: { code: "1", images: ["data:image/png;base64,AA", "http://a/x.png", 7] },
    } as unknown as NewEvent,
    action("agent", "run_ipython", { code: "2", confirmation_state: "confirmed", thought: "" }),
  );
  assert.deepEqual(
    cells(events).map(({ count, output, images }) => [count, output, images]),
    [
      [1, "2", ["data:image/png;base64,AA"]],
      [2, undefined, []],
    ],
  );
});

test("[UW9] a job with a screen shows its latest screen, any other job all of its output", () => {
  const job = (id: string) => ({ id, state: "running" as const });
  const run = { command: "x", exit_code: -1, cwd: "/", duration_ms: 1, truncated: false, hidden: false };
  const looked = { command: "x", duration_ms: 1, truncated: false };
  const screen = { rows: 1, cols: 1, cursor_row: 0, cursor_col: 0, alternate: false };
  const events = log(
    observation("agent", "run", "one\n", { ...run, job: job("j0") }),
    observation("user", "job", "two\n", { ...looked, job: job("j0") }),
    observation("agent", "run", "first", { ...run, job: job("j2"), screen }),
    observation("user", "job", "second", { ...looked, job: job("j2"), screen }),
  );
  assert.deepEqual(
    [...jobScreens(events)],
    [
      ["j0", "one\ntwo\n"],
      ["j2", "second"],
    ],
  );
});

test("[UW7] a comparison begins and ends where a snapshot tells what the workspace was", () => {
  const events = log(
    action("user", "message", { content: "do it", image_urls: null, wait_for_response: false }),
    snapshot(0),
    action("agent", "write", { path: "a", content: "", start: 0, end: -1, thought: "" }),
    observation("agent", "write", "", { path: "a" }, { cause: 2 }),
    snapshot(3),
    observation("environment", "status", "", { code: "x" }),
  );
  assert.deepEqual(
    moments(events).map(({ id }) => id),
    [3, 0],
  );
  assert.equal(lastChange(events), 4);
});

test("[UW11] a path is opened on the port only, with the ticket of the link and the scheme of the page", () => {
  const link = "http://8000--c.localhost:3000/?deckhand-ticket=t";
  assert.equal(urlWithPath(link, "/a?x=1#y", "http:"), "http://8000--c.localhost:3000/a?deckhand-ticket=t&x=1#y");
  assert.equal(urlWithPath(link, "//evil.example/", "http:"), link);
  assert.equal(urlWithPath("http://8000--c.a.example/?d=t", "/", "https:"), "https://8000--c.a.example/?d=t");
});
