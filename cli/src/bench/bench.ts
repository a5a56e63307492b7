/** `deckhand bench`: measures how well an agent solves a folder of tasks. */
import { resolve } from "node:path";
import type { Client } from "@deckhand/client";
import { approvalPolicies, type ApprovalPolicyName } from "@deckhand/protocol";
import { numberOption, parseArguments, textOption } from "../arguments.ts";
import { runAttempt } from "./attempt.ts";
import { readTasks } from "./read-tasks.ts";
import { reportLines, totalsOf } from "./report.ts";
import { resultKey, attemptKey, type Result, type Attempt } from "./result.ts";
import { openResults } from "./results-file.ts";
import { exitCodes, UsageError, type ExitCode } from "../exit-codes.ts";
import { findServer } from "../find-server.ts";
import { stripControls } from "../print/strip-controls.ts";
import { dollars } from "../print/table.ts";
import { stopSignals } from "../stop-signals.ts";

const help = `Usage: deckhand bench [options] TASKS

Run an agent on each task of a folder, each in a workspace and sandbox of its
own, then run the task's check, and report what was solved in how many steps,
tokens, dollars and seconds. Ctrl-C stops and reports the results so far.

TASKS is on the server's machine and is one of
  - a folder of tasks (task.md or task.yaml, with start/ and check/)
  - a folder of Exercism exercises (.meta/config.json)
  - a file of SWE-bench tasks (*.jsonl)

Options
  --url URL            the server's address (default: HOST:PORT, else a server
                       is started; token: DECKHAND_TOKEN)
  --model NAME[,NAME]  the models to compare (default: the server's)
  --at-once N          tasks to run in parallel (default: 2)
  --repeat N           attempts per task (default: 1)
  --limit N            only the first N tasks
  --max-steps N        stop an attempt after N steps
  --results FILE       append results to this file, and skip attempts that are
                       already in it
  --approval POLICY    never (default), risky or always; an action that needs
                       approval is denied
  --check COMMAND      Exercism: run the tests with this command instead of the
                       language's own
  --repos PREFIX       SWE-bench: folder or URL that contains the repositories
  --test-command CMD   SWE-bench: run the tests with this command; {tests} is
                       replaced by their names (default: python3 -m pytest -q
                       {tests})
  --keep               keep the conversations for inspection
  --json               print results as JSON lines, ending with the totals

Exit codes
  0    all tasks were solved
  1    not all were, or an attempt failed to run
  2    usage error
  130  interrupted by Ctrl-C
`;

export const benchCommand = { help, run: bench };

const options = {
  url: { type: "string" },
  model: { type: "string" },
  "at-once": { type: "string" },
  repeat: { type: "string" },
  limit: { type: "string" },
  "max-steps": { type: "string" },
  results: { type: "string" },
  approval: { type: "string" },
  check: { type: "string" },
  repos: { type: "string" },
  "test-command": { type: "string" },
  keep: { type: "boolean" },
  json: { type: "boolean" },
} as const;

interface Plan {
  readonly attempts: readonly Attempt[];
  readonly atOnce: number;
  readonly approval: ApprovalPolicyName;
  readonly maxSteps: number | undefined;
  readonly keeps: boolean;
}

async function bench(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseArguments(args, options);
  const [path, ...more] = positionals;
  if (path === undefined || more.length > 0) throw new UsageError("bench takes one folder or file of tasks.");
  const json = values["json"] === true;
  const repeats = numberOption("repeat", values["repeat"], true) ?? 1;
  const limit = numberOption("limit", values["limit"], true);
  const atOnce = numberOption("at-once", values["at-once"], true) ?? 2;
  const maxSteps = numberOption("max-steps", values["max-steps"], true);
  const approval = approvalPolicies.find((each) => each === (textOption(values["approval"]) ?? "never"));
  if (approval === undefined) throw new UsageError(`--approval takes one of ${approvalPolicies.join(", ")}.`);
  const models = [...new Set((textOption(values["model"]) ?? "").split(",").map((name) => name.trim()))];

  const allTasks = await readTasks(resolve(path), {
    check: textOption(values["check"]),
    repos: textOption(values["repos"]),
    testCommand: textOption(values["test-command"]),
  });
  const tasks = allTasks.slice(0, limit);
  const attempts = tasks.flatMap((task) =>
    models.flatMap((model) => Array.from({ length: repeats }, (_, at): Attempt => ({ task, model, repeat: at + 1 }))),
  );
  const file = await openResults(textOption(values["results"]));
  const keys = new Set(attempts.map(attemptKey));
  const results = file.previous.filter((result) => keys.has(resultKey(result)));
  const done = new Set(results.map(resultKey));
  const remaining = attempts.filter((each) => !done.has(attemptKey(each)));

  using stop = stopSignals();
  const report = (line: string): void => void process.stderr.write(`${stripControls(line)}\n`);
  if (done.size > 0)
    report(`${done.size} of ${attempts.length} attempts are already in ${textOption(values["results"])}.`);
  let failures = 0;
  if (remaining.length > 0) {
    await using server = await findServer(textOption(values["url"]), true);
    const plan = { attempts: remaining, atOnce, approval, maxSteps, keeps: values["keep"] === true };
    failures = await runAttempts(plan, server.client, stop.signal, report, async (result) => {
      await file.add(result);
      results.push(result);
      if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
      report(resultLine(result));
    });
  }
  const totals = models.map((model) => totalsOf(model, results));
  const lines = json
    ? [JSON.stringify({ totals })]
    : reportLines(
        tasks.map(({ id }) => id),
        models,
        results,
      );
  process.stdout.write(`${lines.join("\n")}\n`);
  if (stop.signal.aborted) return exitCodes.interrupted;
  const allSolved = failures === 0 && results.length === attempts.length && results.every(({ solved }) => solved);
  return allSolved ? exitCodes.finished : exitCodes.failed;
}

/** Resolves with the number of attempts that failed to run. */
async function runAttempts(
  { attempts, atOnce, ...how }: Plan,
  client: Client,
  stop: AbortSignal,
  report: (line: string) => void,
  onResult: (result: Result) => Promise<void>,
): Promise<number> {
  let failures = 0;
  const queue = attempts.values();
  const worker = async (): Promise<void> => {
    for (const each of queue) {
      if (stop.aborted) return;
      const onConversation = (id: string): void =>
        how.keeps ? report(`${each.task.id}: conversation ${id}`) : undefined;
      try {
        const result = await runAttempt(each, { ...how, client, onConversation }, stop);
        if (result !== undefined) await onResult(result);
      } catch (error) {
        if (stop.aborted) return;
        failures += 1;
        report(`${each.task.id}: could not run: ${(error as Error).message}`);
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return failures;
}

function resultLine(result: Result): string {
  const { task, model, solved, steps, seconds, why, cost_usd, unpriced } = result;
  const cost = dollars({ cost_usd, calls: steps, unpriced_calls: unpriced });
  const name = `${task}${model === "" ? "" : ` (${model})`}`;
  return `${solved ? "✔" : "✖"} ${name}  ${steps} steps  ${cost}  ${seconds.toFixed(1)} s${solved ? "" : `  ${why}`}`;
}
