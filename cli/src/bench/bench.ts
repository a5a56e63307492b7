/** `deckhand bench`: how an agent does at a folder of tasks. */
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

const help = `Usage: deckhand bench [option…] TASKS

Has an agent work on each task of a folder, each in a workspace and a sandbox of its own, runs the task's check when it has
ended, and prints what was solved, and in how many steps, tokens, dollars and seconds. TASKS is a folder of tasks (task.md or
task.yaml, with start/ and check/), of exercises as Exercism has them (.meta/config.json), or a file of tasks as SWE-bench
has them (*.jsonl). The tasks and the server are on one machine. Ctrl-C ends it with what there is.

  --url URL            the server (default: HOST:PORT, else one is started; DECKHAND_TOKEN is its token)
  --model NAME[,NAME]  the models, side by side (default: as the server is configured)
  --at-once N          so many tasks at a time (default: 2)
  --repeat N           each task so many times (default: 1)
  --limit N            only the first N tasks
  --max-steps N        stop each after so many steps
  --results FILE       keep the results there, and do not do again what is in it already
  --approval WHEN      never (default), risky or always: what would be asked about is denied at once
  --check COMMAND      runs the tests of exercises, in place of their language's own command
  --repos WHERE        a folder or an address that stands before the \`repo\` of SWE-bench's tasks
  --test-command C     runs their tests, {tests} in it are the names (default: python3 -m pytest -q {tests})
  --keep               leave the conversations there for a look
  --json               print the results as JSON lines, and the totals as the last one

Exit code
  0 all are solved · 1 not all, or a task could not be tried · 2 wrong usage · 130 Ctrl-C
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
  readonly tries: readonly Attempt[];
  readonly atOnce: number;
  readonly approval: ApprovalPolicyName;
  readonly maxSteps: number | undefined;
  readonly keeps: boolean;
}

async function bench(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseArguments(args, options);
  const [path, ...more] = positionals;
  if (path === undefined || more.length > 0) throw new UsageError("bench takes one folder of tasks.");
  const json = values["json"] === true;
  const repeats = numberOption("repeat", values["repeat"], true) ?? 1;
  const limit = numberOption("limit", values["limit"], true);
  const atOnce = numberOption("at-once", values["at-once"], true) ?? 2;
  const maxSteps = numberOption("max-steps", values["max-steps"], true);
  const approval = approvalPolicies.find((each) => each === (textOption(values["approval"]) ?? "never"));
  if (approval === undefined) throw new UsageError(`--approval is one of ${approvalPolicies.join(", ")}.`);
  const models = [...new Set((textOption(values["model"]) ?? "").split(",").map((name) => name.trim()))];

  const read = await readTasks(resolve(path), {
    check: textOption(values["check"]),
    repos: textOption(values["repos"]),
    testCommand: textOption(values["test-command"]),
  });
  const tasks = read.slice(0, limit);
  const tries = tasks.flatMap((task) =>
    models.flatMap((model) => Array.from({ length: repeats }, (_, at): Attempt => ({ task, model, repeat: at + 1 }))),
  );
  const file = await openResults(textOption(values["results"]));
  const wanted = new Set(tries.map(attemptKey));
  const results = file.before.filter((result) => wanted.has(resultKey(result)));
  const done = new Set(results.map(resultKey));
  const left = tries.filter((each) => !done.has(attemptKey(each)));

  using stop = stopSignals();
  const say = (line: string): void => void process.stderr.write(`${stripControls(line)}\n`);
  if (done.size > 0) say(`${done.size} of ${tries.length} are in ${values["results"]?.toString()} already.`);
  let failures = 0;
  if (left.length > 0) {
    await using server = await findServer(textOption(values["url"]), true);
    const plan = { tries: left, atOnce, approval, maxSteps, keeps: values["keep"] === true };
    failures = await tryAll(plan, server.client, stop.signal, say, async (result) => {
      await file.add(result);
      results.push(result);
      if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
      say(sentenceOf(result));
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
  const all = failures === 0 && results.length === tries.length && results.every(({ solved }) => solved);
  return all ? exitCodes.finished : exitCodes.failed;
}

/** Resolves with how many could not be tried. */
async function tryAll(
  { tries, atOnce, ...how }: Plan,
  client: Client,
  stop: AbortSignal,
  say: (line: string) => void,
  onResult: (result: Result) => Promise<void>,
): Promise<number> {
  let failures = 0;
  const queue = tries.values();
  const worker = async (): Promise<void> => {
    for (const each of queue) {
      if (stop.aborted) return;
      const onConversation = (id: string): void => (how.keeps ? say(`${each.task.id}: conversation ${id}`) : undefined);
      try {
        const result = await runAttempt(each, { ...how, client, onConversation }, stop);
        if (result !== undefined) await onResult(result);
      } catch (error) {
        if (stop.aborted) return;
        failures += 1;
        say(`${each.task.id}: could not be tried: ${(error as Error).message}`);
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return failures;
}

function sentenceOf(result: Result): string {
  const { task, model, solved, steps, seconds, why, cost_usd, unpriced } = result;
  const cost = dollars({ cost_usd, calls: steps, unpriced_calls: unpriced });
  const name = `${task}${model === "" ? "" : ` (${model})`}`;
  return `${solved ? "✔" : "✖"} ${name}  ${steps} steps  ${cost}  ${seconds.toFixed(1)} s${solved ? "" : `  ${why}`}`;
}
