/** Recorded conversations of OpenHands servers with their clients, replayed against this server. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { ModelProcess } from "./kit/model-process.ts";
import { ServerProcess } from "./kit/server-process.ts";
import { playTranscript, type Difference } from "./kit/transcript.ts";

const brokeDown: Difference = {
  why: "OpenHands closed the socket; here the client gets an error and the socket stays open.",
};
const notHere: Difference = { why: "The tool of this action is not implemented, so the script does not call it." };
const otherWords = (...answers: NonNullable<Difference["answers"]>): Difference => ({
  why: "The message about the provider's failure says what to do.",
  answers,
});
const oneError: Difference = { ...brokeDown, answers: [{ error: true }] };
const boom = { status: 400, body: { error: { message: "boom" } } };

async function withFiles(server: ServerProcess): Promise<void> {
  await mkdir(server.workspace, { recursive: true });
  for (const name of ["a.txt", "b.txt", "hello.sh", "upload.txt"]) await writeFile(join(server.workspace, name), "");
}

test("[W40] 0.14: valid and invalid handshakes", async () => {
  await using server = await ServerProcess.start({ env: { LLM_MODEL: "demo" } });
  await playTranscript({
    file: "0.14.3-handshake-errors",
    server,
    lines: [3, 32],
    differences: {
      7: {
        why: "`start` is supported, as the OpenHands README documented.",
        answers: [{ observation: "agent_state_changed", extras: { agent_state: "loading" } }],
      },
      8: brokeDown,
      13: oneError,
      14: brokeDown,
      17: oneError,
      18: brokeDown,
      21: oneError,
      22: brokeDown,
      28: {
        why: "OpenHands lost a message sent before `initialize`; here it initializes the conversation.",
        answers: [{ observation: "agent_state_changed", extras: { agent_state: "loading" } }],
      },
    },
  });
});

test("[W41] 0.14: the DummyAgent, a client's own actions, and two resumes", async () => {
  await using server = await ServerProcess.start();
  await playTranscript({
    file: "0.14.3-dummyagent-useractions-resume",
    server,
    lines: [1, 79],
    differences: {
      32: {
        why: "IPython is not implemented: the client gets an error, as errors of its own actions are shown.",
        answers: [{ observation: "error", source: "agent" }],
      },
      33: {
        why: "http://x cannot be resolved, and the page is really fetched.",
        answers: [{ observation: "error", source: "agent" }],
      },
      36: { why: "An unknown state is refused.", answers: [{ error: true }] },
      37: { why: "An unknown state is refused." },
      66: { why: "As line 32.", answers: [{ observation: "error", source: "user" }] },
      68: { why: "As line 33.", answers: [{ observation: "error", source: "user" }] },
    },
  });
});

test("[W42][X8] 0.14: tool calls, a finish, a failure, and a stuck agent", async () => {
  await using model = await ModelProcess.start([
    { text: "Let me list files", calls: [{ name: "run", arguments: { command: "ls" } }] },
    { calls: [{ name: "run", arguments: { command: "pwd" } }] },
    { calls: [{ name: "nope", arguments: "{}" }] },
    { text: "What next?" },
    { text: "bye", calls: [{ name: "finish", arguments: {} }] },
    boom,
    ...Array.from({ length: 5 }, () => ({ calls: [{ name: "run", arguments: { command: "echo same" } }] })),
  ]);
  await using server = await ServerProcess.start({ env: model.env });
  await withFiles(server);
  await playTranscript({
    file: "0.14.3-codeact-scripted-llm",
    server,
    lines: [1, 41],
    differences: {
      13: notHere,
      14: notHere,
      17: notHere,
      18: notHere,
      29: otherWords({ status_update: true, type: "error", id: "" }),
      40: {
        why: "The model gets a hint first, and one more step.",
        answers: [
          { action: "run", args: { command: "echo same" } },
          { observation: "run", content: "echo same\r\nsame" },
          { status_update: true, type: "error", id: "", message: "Agent got stuck in a loop" },
        ],
      },
    },
  });
});

test("[W43] 0.14: a shell for the client", async () => {
  await using server = await ServerProcess.start({ env: { SANDBOX_TIMEOUT: "3" } });
  const closedInput: Difference = { why: "A command has no terminal to read from.", unsent: true };
  const notBroken: Difference = { why: "OpenHands reported a wrong exit code for the second line.", unsent: true };
  const restarts: Difference = { why: "A shell that exits is restarted.", unsent: true };
  await playTranscript({
    file: "0.14.3-bash-and-iteration-limit",
    server,
    lines: [1, 34],
    differences: {
      21: closedInput,
      22: closedInput,
      24: {
        why: "Without a terminal, bash adds the line number to the error.",
        answers: [{ observation: "run", source: "user", extras: { command: "abc", exit_code: 127 } }],
      },
      25: closedInput,
      26: closedInput,
      29: notBroken,
      30: notBroken,
      31: restarts,
      32: restarts,
      33: restarts,
    },
  });
});

test("[W44] 0.14: the step limit, the web UI's pause, and continuing", async () => {
  await using model = await ModelProcess.start(
    ["a", "b", "c", "d"].map((text, at) => ({
      text,
      calls: [{ name: "run", arguments: { command: `echo ${at + 1}` } }],
    })),
  );
  await using server = await ServerProcess.start({ env: { ...model.env, MAX_ITERATIONS: "2" } });
  const slips: Difference = { why: "OpenHands allowed one step too many." };
  const message = "Agent reached maximum iteration. Current iteration: 4.00, max iteration: 4.00. ";
  await playTranscript({
    file: "0.14.3-bash-and-iteration-limit",
    server,
    lines: [35, 63],
    differences: {
      59: slips,
      60: slips,
      62: { ...slips, answers: [{ status_update: true, type: "error", id: "", message }] },
    },
  });
});

test("[W45] 0.9: the handshake, a task, a failure, and a resume", async () => {
  await using model = await ModelProcess.start([
    { text: "Let me list", calls: [{ name: "run", arguments: { command: "ls" } }] },
    { text: "What next?" },
    { text: "done", calls: [{ name: "finish", arguments: {} }] },
    boom,
    { text: "Here I am again." },
  ]);
  await using server = await ServerProcess.start({ env: model.env });
  await withFiles(server);
  await playTranscript({
    file: "0.9.8-codeact-start-resume",
    server,
    lines: [5, 54],
    differences: {
      7: brokeDown,
      22: notHere,
      23: notHere,
      44: notHere,
      45: notHere,
    },
  });
});

test("[Q11] 0.9: confirmation mode with a rejection and a confirmation, in the recorded order", async () => {
  await using model = await ModelProcess.start([
    { text: "Let me list", calls: [{ name: "run", arguments: { command: "ls" } }] },
    { text: "py", calls: [{ name: "run", arguments: { command: "echo 1" } }] },
    { text: "What next?" },
  ]);
  await using server = await ServerProcess.start({ env: model.env });
  const command = (is_confirmed: string, thought: string): Difference => ({
    why: "IPython is not implemented: the script runs a command instead.",
    answers: [{ action: "run", args: { command: "echo 1", thought, is_confirmed } }],
  });
  await playTranscript({
    file: "0.9.8-confirmation-mode",
    server,
    lines: [1, 30],
    differences: {
      20: command("awaiting_confirmation", "py"),
      22: command("confirmed", ""),
      24: { why: "As line 20.", answers: [{ observation: "run", content: "1" }] },
    },
  });
});
