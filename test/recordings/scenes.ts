/**
 * What was recorded: each scene is a model's replies and what a person does meanwhile. What the commands print is the same
 * on every machine: no dates, no versions, no owners.
 */
import { until } from "../kit/processes.ts";
import type { ScriptReply } from "../kit/model-process.ts";
import type { Frame, RawSocket } from "../kit/raw-socket.ts";

export interface Person {
  readonly socket: RawSocket;
  readonly say: (action: string, args: object) => void;
  /** Of the workspace. */
  readonly exists: (path: string) => boolean;
}

export interface Scene {
  readonly name: string;
  /** The files in the workspace at the start. */
  readonly start: Readonly<Record<string, string>>;
  readonly settings?: object;
  readonly env?: Readonly<Record<string, string>>;
  readonly replies: readonly ScriptReply[];
  /** From the task to the end. */
  readonly act: (person: Person) => Promise<void>;
}

const call = (name: string, args: object): { name: string; arguments: object } => ({ name, arguments: args });
const run = (command: string) => call("run", { command });
const finish: ScriptReply = { calls: [call("finish", { thought: "It is done." })] };
/** Enough to fill what the model of the compaction reads, first with outputs and then with words. */
const numbers = Array.from({ length: 8 }, (_, at) => at);
const shop = {
  "prices.sh": "price() { echo $(($1 + 2)); }\n",
  "test.sh": '. ./prices.sh\n[ "$(price 3)" = 6 ] && echo passed || { echo "failed: $(price 3)"; exit 1; }\n',
  "README.md": "# Prices\n\nA price is twice what it was.\n",
};

export const scenes: readonly Scene[] = [
  {
    name: "failing-test",
    start: shop,
    replies: [
      {
        text: "I look around.",
        calls: [run("bash test.sh"), call("read", { path: "README.md" }), call("search", { pattern: "price\\(" })],
      },
      { calls: [call("plan", { tasks: [{ id: "1", goal: "repair price", state: "in_progress" }] })] },
      { calls: [call("edit", { path: "prices.sh", old_str: "$1 - 2", new_str: "$1 * 2" })] },
      {
        text: "That was not there.",
        calls: [call("edit", { path: "prices.sh", old_str: "$1 + 2", new_str: "$1 * 2" })],
      },
      { calls: [run("bash test.sh"), run("cd / && pwd; missing-command"), run("cat <(echo from a pipe)")] },
      { calls: [call("write", { path: "done/notes.txt", content: "repaired\n" }), call("fly", { to: "the moon" })] },
      finish,
    ],
    async act({ socket, say }) {
      say("start", { task: "The test fails. Repair it." });
      await socket.state("finished");
    },
  },
  {
    name: "approvals",
    start: shop,
    settings: { approval: "always", approval_seconds: 3 },
    replies: [
      { calls: [run("echo allowed > allowed.txt")] },
      { calls: [run("echo denied > denied.txt"), run("echo never reached")] },
      { text: "I try another way.", calls: [run("echo late > late.txt")] },
      { calls: [run("ls")] },
      finish,
    ],
    async act({ socket, say }) {
      const asks = (command: string): Promise<Frame> =>
        socket.next((frame) => frame["approval"] !== undefined && frame["args"].command.includes(command));
      say("start", { task: "Write three files." });
      say("approve", { id: (await asks("allowed"))["id"], decision: "allow" });
      const denied = await asks("denied");
      say("message", { content: "Not that one." });
      say("approve", { id: denied["id"], decision: "deny", reason: "not there" });
      await asks("late");
      say("approve", { id: (await asks("ls"))["id"], decision: "allow" });
      await socket.state("finished");
    },
  },
  {
    name: "model-failure",
    start: {},
    replies: [
      { calls: [run("echo 1 >> lines")] },
      { status: 401 },
      { calls: [run("echo 2 >> lines"), run('{"command": ')] },
      { status: 500 },
      { calls: [run("cat lines")] },
      { text: "Shall I go on?" },
      finish,
    ],
    async act({ socket, say }) {
      say("start", { task: "Count in a file." });
      await socket.state("error");
      let from = socket.frames.length;
      say("message", { content: "The key is right now." });
      await socket.state("error", from);
      from = socket.frames.length;
      say("message", { content: "And again." });
      await socket.state("awaiting_user_input", from);
      say("run", { command: "echo mine >> lines; cat lines" });
      await socket.next((frame) => frame["observation"] === "run" && frame["content"].includes("mine"), { from });
      say("message", { content: "No." });
      await socket.state("finished", from);
    },
  },
  {
    name: "compaction",
    start: {},
    env: { LLM_MAX_INPUT_TOKENS: "10000" },
    replies: [
      ...numbers.map((at): ScriptReply => ({ calls: [run(`seq ${at * 10_000} ${at * 10_000 + 1000}`)] })),
      ...numbers.map((at): ScriptReply => ({
        text: `I think for long (${at}). ${"On and on. ".repeat(500)}`,
        calls: [run(`echo ${at}`)],
      })),
      { calls: [run("echo the end")] },
      finish,
    ],
    async act({ socket, say }) {
      say("start", { task: "Print many numbers." });
      await socket.state("finished");
      for (const how of ["prune", "summary"]) {
        await socket.next((frame) => frame["action"] === "compact" && frame["args"].how === how, { withinMs: 100 });
      }
    },
  },
  {
    name: "stop-and-pause",
    start: {},
    replies: [
      { calls: [run("echo 1 > begun; sleep 600")] },
      { calls: [run("cat begun"), run("sleep 0.5; echo 2 > paused"), run("cat paused")] },
      { text: "What next?" },
      {
        calls: [
          call("run", { command: "echo up; sleep 600", background: true }),
          call("job", { id: "j0", do: "read" }),
        ],
      },
      finish,
    ],
    async act({ socket, say, exists }) {
      say("start", { task: "Wait." });
      await until(() => exists("begun"), 20_000);
      say("change_agent_state", { agent_state: "stopped" });
      await socket.next((frame) => frame["extras"]?.ended_by === "stop");
      await socket.state("stopped");
      const from = socket.frames.length;
      say("message", { content: "Go on." });
      await socket.next((frame) => frame["action"] === "run" && frame["args"].command.includes("sleep 0.5"), { from });
      say("change_agent_state", { agent_state: "paused" });
      await socket.state("paused", from);
      say("message", { content: "A word meanwhile." });
      await socket.next((frame) => frame["extras"]?.agent_state === "awaiting_user_input", { from });
      say("message", { content: "Something that runs beside." });
      await socket.state("finished", from);
    },
  },
];
