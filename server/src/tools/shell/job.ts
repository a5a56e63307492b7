import type { ActionArgs, Delta, Observation } from "@deckhand/protocol";
import type { WaitOptions } from "../../runtime/jobs.ts";
import type { AnyOutcome, Tool, ToolContext } from "../tool.ts";
import { describeJob, fullOutputExtras, jobExtras, textOrBinaryNote } from "./output.ts";

/** After input or a signal: until the output that it causes has most likely ended. */
const settleWait: WaitOptions = { timeoutMs: 2000, quietMs: 250 };

export const jobTool: Tool<"job"> = {
  action: "job",
  description:
    "Check a background job (one started with `background`, or a command that outlived its timeout): returns its output since the last check, or its screen if it has a terminal. First types `input` (end a line with a newline), presses `keys` (enter, tab, escape, up, pagedown, ctrl-c, ctrl-d …) or sends `signal`, if given; then waits up to `wait` seconds for the job to end.",
  modelArgs: ["id", "input", "keys", "signal", "wait"],
  effect: effectOf,
  // Each check consumes the new output, so checks must stay in order.
  isParallelSafe: () => false,
  // oxlint-disable-next-line require-yield -- there is nothing to stream
  async *run(args: ActionArgs<"job">, { runtime, signal }: ToolContext): AsyncGenerator<Delta, AnyOutcome> {
    const { jobs } = runtime;
    const { id, input, keys, rows, cols, wait } = args;
    if (rows !== undefined && cols !== undefined) await jobs.resize(id, { rows, columns: cols });
    if (input !== undefined) jobs.type(id, { type: "text", text: input });
    if (keys !== undefined) jobs.type(id, { type: "keys", keys });
    if (args.signal !== undefined) jobs.signal(id, args.signal);
    const acts = effectOf(args) === "execute" || args.signal !== undefined;
    if (wait !== undefined) await jobs.wait(id, { timeoutMs: wait * 1000 }, signal);
    else if (acts) await jobs.wait(id, settleWait, signal);
    const look = await jobs.look(id);
    const { status } = look;
    return {
      observation: "job",
      content: textOrBinaryNote(look.output),
      extras: {
        ...jobExtras(look),
        command: status.command,
        duration_ms: (status.endedAt ?? Date.now()) - status.startedAt,
        ...fullOutputExtras(look.fullOutput),
      },
    };
  },
  formatForModel(event: Observation): string {
    return event.observation === "job" ? describeJob(event.content, event.extras) : event.content;
  },
};

/** Typed input can be a command like any other. */
function effectOf({ input, keys }: ActionArgs<"job">): "execute" | "none" {
  return input === undefined && keys === undefined ? "none" : "execute";
}
