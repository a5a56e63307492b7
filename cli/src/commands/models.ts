/** `deckhand models`: lists the models, and tests whether one is suitable. */
import { styleText } from "node:util";
import { parseArguments, textOption } from "../arguments.ts";
import { exitCodes, UsageError, type ExitCode } from "../exit-codes.ts";
import type { ModelInfo, ModelProvider } from "@deckhand/protocol";
import { findServer } from "../find-server.ts";
import { stripControls } from "../print/strip-controls.ts";

const help = `Usage: deckhand models [options]
       deckhand models [options] --test [NAME]

List the models that can be selected, and the providers whose models can be
named. --test makes real calls to one model (default: the server's) and reports
whether it answers, calls tools, sees images, has enough context (for local
servers), and whether its size and price are known. This may cost a fraction of
a cent.

Options
  --url URL   the server's address (default: HOST:PORT, else a server is
              started; token: DECKHAND_TOKEN)
  --test      test the model
  --json      print JSON

Exit codes of --test
  0  the model is suitable
  1  it is not
  2  usage error
`;

export const modelsCommand = { help, run: models };

const options = { url: { type: "string" }, test: { type: "boolean" }, json: { type: "boolean" } } as const;

async function models(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseArguments(args, options);
  const [name] = positionals;
  if (positionals.length > 1 || (name !== undefined && values["test"] !== true)) {
    throw new UsageError("models takes the name of one model, and only with --test.");
  }
  await using server = await findServer(textOption(values["url"]), true);
  const { client } = server;
  if (values["test"] !== true) {
    const list = await client.modelList();
    process.stdout.write(
      values["json"] === true
        ? `${JSON.stringify(list)}\n`
        : `${table(list.details)}\n\n${providers(list.providers)}\n`,
    );
    return exitCodes.finished;
  }
  const report = await client.checkModel(name === undefined ? {} : { model: name });
  if (values["json"] === true) process.stdout.write(`${JSON.stringify(report)}\n`);
  else {
    process.stdout.write(`${stripControls(report.model)}\n`);
    for (const { ok, what, sentence } of report.findings) {
      const mark = ok ? styleText("green", "✔") : styleText("red", "✖");
      process.stdout.write(`  ${mark} ${what.padEnd(8)} ${stripControls(sentence)}\n`);
    }
  }
  return report.ok ? exitCodes.finished : exitCodes.failed;
}

/** One line per model: its context size, abilities and price. */
function table(rows: readonly ModelInfo[]): string {
  const width = Math.max(...rows.map(({ name }) => stripControls(name).length));
  return rows
    .map((model) => `${stripControls(model.name).padEnd(width)}  ${stripControls(summaryOf(model))}`.trimEnd())
    .join("\n");
}

/** Providers whose models can be selected by name. */
function providers(all: readonly ModelProvider[]): string {
  const rows = all.filter(({ local }) => !local);
  const width = Math.max(...rows.map(({ prefix }) => prefix.length));
  const lines = rows.map(({ prefix, label, keys, has_key: hasKey }) => {
    const key = hasKey ? styleText("green", "✔ key set") : `set ${keys.join(" or ")}`;
    return `  ${prefix}/…`.padEnd(width + 6) + `${label}: ${key}`;
  });
  return ["Models can also be named by provider:", ...lines].join("\n");
}

function summaryOf(model: ModelInfo): string {
  if (model.demo) return "scripted, for the tour";
  const { context_tokens: tokens, price, tools } = model;
  return [
    model.provider,
    tokens === null ? "" : `${tokens.toLocaleString("en")} tokens of context`,
    tools === true ? "tool calling" : tools === false ? "tools described in the prompt" : "",
    model.images ? "images" : "",
    model.reasoning === true ? "reasoning" : "",
    price === null
      ? ""
      : price.input + price.output === 0
        ? "free"
        : `$${price.input} in / $${price.output} out per million tokens`,
  ]
    .filter((part) => part !== "")
    .join(", ");
}
