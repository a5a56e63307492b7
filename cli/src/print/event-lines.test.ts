import assert from "node:assert/strict";
import { test } from "node:test";
import { action, errorObservation, observation, type NewEvent } from "@deckhand/protocol";
import { eventLines } from "./event-lines.ts";
import type { Paint } from "./paint.ts";
import { stripControls } from "./strip-controls.ts";

const unpainted: Paint = (_style, text) => text;
const linesOf = (event: NewEvent): readonly string[] =>
  eventLines({ id: 0, timestamp: "2026-01-01T00:00:00.000Z", ...event }, unpainted);
const ran = (content: string, exitCode: number): NewEvent =>
  observation(
    "agent",
    "run",
    content,
    { command: "x", exit_code: exitCode, cwd: "/", duration_ms: 1, truncated: false, hidden: false },
    { cause: 1 },
  );

test("[L3] a command, its output and a non-zero exit code are printed as a few plain lines", () => {
  const run = action("agent", "run", {
    command: "bash hello.sh",
    thought: "I run it.",
    background: false,
    hidden: false,
    confirmation_state: "confirmed",
  });
  assert.deepEqual(linesOf(run), ["I run it.", "$ bash hello.sh"]);
  assert.deepEqual(linesOf(ran("hello\n", 0)), ["  hello"]);
  assert.deepEqual(linesOf(ran("no\n", 2)), ["  no", "  exit 2"]);
  const error = errorObservation("environment", "model_auth", "The key is refused.");
  assert.deepEqual(linesOf(error), ["model_auth: The key is refused."]);
});

test("[O12] the state of a background process and input typed into it are printed", () => {
  const job = { id: "j4", state: "running" } as const;
  const more = { command: "x", duration_ms: 1, truncated: false };
  const run = { ...more, exit_code: -1, cwd: "/", hidden: false, job };
  assert.deepEqual(linesOf(observation("agent", "run", "on\n", run, { cause: 1 })), ["  on", "  Job j4 is running."]);
  const typed = { id: "j4", input: "yes\n", confirmation_state: "confirmed", thought: "" } as const;
  assert.deepEqual(linesOf(action("agent", "job", typed)), ["Typing into job j4 yes"]);
  const ended = { ...more, job: { id: "j4", state: "ended", exit_code: 2 } } as const;
  const looked = observation("agent", "job", "no\n", ended, { cause: 1 });
  assert.deepEqual(linesOf(looked), ["  no", "  Job j4 ended with exit code 2."]);
  assert.deepEqual(linesOf(observation("environment", "job", "Job j4 (x) has ended.", ended)), [
    "  Job j4 (x) has ended.",
  ]);
});

test("[L3] long output is shortened to its head and tail", () => {
  const lines = linesOf(ran(Array.from({ length: 1000 }, (_, n) => `line ${n}`).join("\n"), 0));
  assert.equal(lines.length, 25);
  assert.equal(lines[12], "  … 976 lines …");
  assert.equal(lines.at(-1), "  line 999");
});

test("[L4] tool output cannot control the terminal", () => {
  const attacks = [
    "\u001B[2J\u001B[31mred\u001B[0m",
    "\u001B]0;title\u0007red",
    "\u001B]52;c;ZXZpbA==\u001B\\red",
    "\u001BPdevice\u001B\\red",
    "\u001Bcred",
    "\u001B(0red",
    "\u009B31mred".replace("31m", ""),
    "r\u0008\u0000ed\r",
  ];
  for (const attack of attacks) assert.equal(stripControls(attack), "red", JSON.stringify(attack));
  assert.equal(stripControls("a\tb\nc"), "a\tb\nc");
  assert.deepEqual(linesOf(ran("\u001B[2Jhidden", 0)), ["  hidden"]);
});
