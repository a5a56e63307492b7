/** `deckhand costs`: what models cost, by day, model and conversation, or for one conversation call by call. */
import type { CostStep, CostSum } from "@deckhand/protocol";
import type { Client } from "@deckhand/client";
import { parseArguments, textOption } from "../arguments.ts";
import { exitCodes, UsageError, type ExitCode } from "../exit-codes.ts";
import { findServer } from "../find-server.ts";
import { dollars, tableLines } from "../print/table.ts";

const help = `Usage: deckhand costs [options]
       deckhand costs [options] ID

Show the tokens and dollars spent on models: by day, model and conversation, or
for one conversation by model and call. Days are in UTC. Calls that a fork or an
import copied are not counted again.

Options
  --url URL      the server's address (default: HOST:PORT, else a server is
                 started; token: DECKHAND_TOKEN)
  --since DATE   from this day on, such as 2026-10-31 (default: last 30 days)
  --json         print the server's answer as JSON
`;

export const costsCommand = { help, run: costs };

const options = { url: { type: "string" }, since: { type: "string" }, json: { type: "boolean" } } as const;
const sumHead = ["calls", "input", "cached", "output", "reasoning", "cost"];

async function costs(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseArguments(args, options);
  const [conversation] = positionals;
  const since = textOption(values["since"]);
  if (positionals.length > 1 || (conversation !== undefined && since !== undefined)) {
    throw new UsageError("costs takes either --since or the ID of one conversation.");
  }
  if (since !== undefined && !/^\d{4}-\d{2}-\d{2}$/.test(since))
    throw new UsageError("--since takes a date such as 2026-10-31.");
  await using server = await findServer(textOption(values["url"]), true);
  const { client } = server;
  const json = values["json"] === true;
  const print = (lines: readonly string[]): void => void process.stdout.write(`${lines.join("\n")}\n`);
  if (conversation === undefined) {
    const report = await client.costs(since);
    if (json) print([JSON.stringify(report)]);
    else print(reportLines(report));
  } else {
    const { steps, children, ...sums } = await ofConversation(client, conversation);
    if (json) print([JSON.stringify({ ...sums, children, steps })]);
    else print([...sumLines(sums), ...subagentLines(children), "", ...stepLines(steps)]);
  }
  return exitCodes.finished;
}

type Report = Awaited<ReturnType<Client["costs"]>>;
type Costs = Awaited<ReturnType<Client["conversationCosts"]>>;

/** All pages of a conversation's calls. */
async function ofConversation(client: Client, id: string): Promise<Omit<Costs, "next">> {
  const { total, models, children, ...first } = await client.conversationCosts(id);
  const steps = [...first.steps];
  for (let { next } = first; next !== null;) {
    const page = await client.conversationCosts(id, { after: next });
    steps.push(...page.steps);
    next = page.next;
  }
  return { total, models, children, steps };
}

function reportLines({ since, total, days, models, conversations, deleted }: Report): readonly string[] {
  if (total.calls === 0) return [`Nothing spent since ${since}.`];
  const table = <T extends CostSum>(
    name: string,
    rows: readonly T[],
    nameOf: (row: T) => string,
  ): readonly string[] => [
    "",
    ...tableLines(
      [name, ...sumHead],
      rows.map((row) => [nameOf(row), ...sumCells(row)]),
    ),
  ];
  return [
    `Since ${since}: ${dollars(total)} for ${total.calls} calls.`,
    ...table("day", days, ({ day }) => day),
    ...table("model", models, ({ model }) => model || "?"),
    ...table(
      "conversation",
      conversations,
      ({ id, title, parent }) => `${id} ${parent === null ? "" : "↳ "}${title.slice(0, 40)}`,
    ),
    ...(deleted.calls === 0 ? [] : ["", `Including deleted conversations: ${dollars(deleted)}.`]),
  ];
}

function sumLines({ total, models }: Pick<Costs, "total" | "models">): readonly string[] {
  const rows = models.map((row) => [row.model || "?", row.kind, ...sumCells(row)]);
  return tableLines(["model", "for", ...sumHead], [...rows, ["total", "", ...sumCells(total)]]);
}

/** Totals only: the calls of subagents are listed in their own conversations. */
function subagentLines(children: Costs["children"]): readonly string[] {
  if (children.length === 0) return [];
  const rows = children.map(({ conversation, agent, usage, steps, unpriced_steps: unpriced, cost_usd }) => [
    `${conversation} ${agent}`,
    ...sumCells({ ...usage, calls: steps, unpriced_calls: unpriced, cost_usd }),
  ]);
  return ["", ...tableLines(["subagent", ...sumHead.with(0, "steps")], rows)];
}

function stepLines(steps: readonly CostStep[]): readonly string[] {
  return tableLines(
    ["event", "for", "model", ...sumHead.slice(1), "seconds"],
    steps.map(({ id, kind, model, usage, cost_usd: usd, duration_ms: ms }) => [
      String(id),
      kind,
      model || "?",
      ...sumCells({ ...usage, calls: 1, unpriced_calls: usd === null ? 1 : 0, cost_usd: usd ?? 0 }).slice(1),
      ms === null ? "–" : (ms / 1000).toFixed(1),
    ]),
  );
}

function sumCells(sum: CostSum): readonly string[] {
  const { calls, input, cached_input: cached, output, reasoning } = sum;
  return [...[calls, input, cached, output, reasoning].map(String), dollars(sum)];
}
