/** `deckhand costs`: what models cost, by day, model and conversation, or call by call in one conversation. */
import type { CostStep, CostSum } from "@deckhand/protocol";
import type { Client } from "@deckhand/client";
import { parseArguments, textOption } from "../arguments.ts";
import { exitCodes, UsageError, type ExitCode } from "../exit-codes.ts";
import { findServer } from "../find-server.ts";
import { dollars, tableLines } from "../print/table.ts";

const help = `Usage: deckhand costs [option…]
       deckhand costs [option…] CONVERSATION

Prints the tokens and dollars that models took: by day, model and conversation, or of one conversation by model and call
by call. Days are days in UTC. What a fork or an import brought along is not counted again.

  --url URL       the server (default: HOST:PORT, else one is started; DECKHAND_TOKEN is its token, where it wants one)
  --since DATE    from that day on, such as 2026-10-31 (default: thirty days)
  --json          print what the server answers
`;

export const costsCommand = { help, run: costs };

const options = { url: { type: "string" }, since: { type: "string" }, json: { type: "boolean" } } as const;
const sumHead = ["calls", "input", "cached", "output", "reasoning", "cost"];

async function costs(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseArguments(args, options);
  const [conversation] = positionals;
  const since = textOption(values["since"]);
  if (positionals.length > 1 || (conversation !== undefined && since !== undefined)) {
    throw new UsageError("costs takes --since, or the id of one conversation.");
  }
  if (since !== undefined && !/^\d{4}-\d{2}-\d{2}$/.test(since)) throw new UsageError("--since takes 2026-10-31.");
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
    else print([...sumLines(sums), ...childLines(children), "", ...stepLines(steps)]);
  }
  return exitCodes.finished;
}

type Report = Awaited<ReturnType<Client["costs"]>>;
type Costs = Awaited<ReturnType<Client["conversationCosts"]>>;

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
  if (total.calls === 0) return [`Nothing was spent since ${since}.`];
  const part = <T extends CostSum>(name: string, rows: readonly T[], nameOf: (row: T) => string): readonly string[] => [
    "",
    ...tableLines(
      [name, ...sumHead],
      rows.map((row) => [nameOf(row), ...sumCells(row)]),
    ),
  ];
  return [
    `Since ${since}: ${dollars(total)} in ${total.calls} calls.`,
    ...part("day", days, ({ day }) => day),
    ...part("model", models, ({ model }) => model || "?"),
    ...part(
      "conversation",
      conversations,
      ({ id, title, parent }) => `${id} ${parent === null ? "" : "↳ "}${title.slice(0, 40)}`,
    ),
    ...(deleted.calls === 0 ? [] : ["", `Of it in conversations that were deleted: ${dollars(deleted)}.`]),
  ];
}

function sumLines({ total, models }: Pick<Costs, "total" | "models">): readonly string[] {
  const rows = models.map((row) => [row.model || "?", row.kind, ...sumCells(row)]);
  return tableLines(["model", "for", ...sumHead], [...rows, ["total", "", ...sumCells(total)]]);
}

/** Their calls are in their own conversations. */
function childLines(children: Costs["children"]): readonly string[] {
  if (children.length === 0) return [];
  const rows = children.map(({ conversation, agent, usage, steps, unpriced_steps: unpriced, cost_usd }) => [
    `${conversation} ${agent}`,
    ...sumCells({ ...usage, calls: steps, unpriced_calls: unpriced, cost_usd }),
  ]);
  return ["", ...tableLines(["child", ...sumHead.with(0, "steps")], rows)];
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
