/** Runs calls of one reply in parallel: those that only read, and those whose tool says that it is safe. */
import { commitAnswers } from "./commit.ts";
import type { CallStage, Execution, PreparedCall, RunnableCall, Stage, StartedCall } from "./stage.ts";

/** How many calls run at the same time. */
export const maxParallelCalls = 8;

export function isParallelSafe(call: PreparedCall): call is RunnableCall {
  if (call.type !== "runnable") return false;
  const { tool, event } = call;
  const args = event.args as never;
  return tool.isParallelSafe?.(args) ?? ["none", "read"].includes(tool.effect(args));
}

/**
 * Takes each call of the batch through the stages at its own pace. An answer is stored once those of the calls before
 * it are, so that observations are in the order of the calls.
 */
export function inParallel(...stages: readonly CallStage[]): Stage {
  return async (batch, execution) => {
    const answered = new Map<number, StartedCall>();
    let { view } = batch;
    let stored = 0;
    const runCall = async (call: StartedCall, at: number): Promise<void> => {
      answered.set(at, await runStages(stages, call, execution));
      const ready: StartedCall[] = [];
      for (let next = answered.get(stored); next !== undefined; next = answered.get(stored)) {
        ready.push(next);
        stored += 1;
      }
      if (ready.length > 0) view = await execution.send(commitAnswers(ready.flatMap(answerEvents)));
    };
    await Promise.all(batch.started.map(runCall));
    const started = batch.started.flatMap((_, at) => answered.get(at) ?? []);
    return { type: "next", batch: { ...batch, view, started } };
  };
}

async function runStages(stages: readonly CallStage[], call: StartedCall, execution: Execution): Promise<StartedCall> {
  let current = call;
  for (const stage of stages) {
    if (current.answer === null) current = await stage(current, execution);
  }
  return current;
}

function answerEvents({ hookEvents, answer }: StartedCall) {
  return answer === null ? hookEvents : [...hookEvents, answer.observation];
}
