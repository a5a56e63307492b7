/** `deckhand models`: which models can be chosen, and whether one can do the work. */
import { styleText } from "node:util";
import { parseArguments, textOption } from "../arguments.ts";
import { exitCodes, UsageError, type ExitCode } from "../exit-codes.ts";
import type { ModelInfo, ModelProvider } from "@deckhand/protocol";
import { findServer } from "../find-server.ts";
import { stripControls } from "../print/strip-controls.ts";

const help = `Usage: deckhand models [option…]
       deckhand models [option…] --test [NAME]

Lists the models that can be chosen, with what is known of them, and the providers whose models can be named. --test
makes real calls to one (default: as the server is configured): whether it answers, calls a tool, sees a picture, reads
enough (on machines of one's own), and whether its size and price are known. It may cost a fraction of a cent.

  --url URL   the server (default: HOST:PORT, else one is started; DECKHAND_TOKEN is its token, where it wants one)
  --test      try the model
  --json      print the report as JSON

Exit code
  0 the model can do the work · 1 it cannot · 2 wrong usage
`;

export const modelsCommand = { help, run: models };

const options = { url: { type: "string" }, test: { type: "boolean" }, json: { type: "boolean" } } as const;

async function models(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseArguments(args, options);
  const [name] = positionals;
  if (positionals.length > 1 || (name !== undefined && values["test"] !== true)) {
    throw new UsageError("models takes the name of one model, with --test.");
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

/** A line a model: what it reads, can and costs. */
function table(rows: readonly ModelInfo[]): string {
  const width = Math.max(...rows.map(({ name }) => stripControls(name).length));
  return rows
    .map((model) => `${stripControls(model.name).padEnd(width)}  ${stripControls(sentenceOf(model))}`.trimEnd())
    .join("\n");
}

/** Whose models can be asked for by name beside these. */
function providers(all: readonly ModelProvider[]): string {
  const rows = all.filter(({ local }) => !local);
  const width = Math.max(...rows.map(({ prefix }) => prefix.length));
  const lines = rows.map(({ prefix, label, keys, has_key: hasKey }) => {
    const key = hasKey ? styleText("green", "✔ has a key") : `wants ${keys.join(" or ")}`;
    return `  ${prefix}/…`.padEnd(width + 6) + `${label}: ${key}`;
  });
  return ["By name, from their providers:", ...lines].join("\n");
}

function sentenceOf(model: ModelInfo): string {
  if (model.demo) return "a script, for the tour";
  const { context_tokens: tokens, price, tools } = model;
  return [
    model.provider,
    tokens === null ? "" : `reads ${tokens.toLocaleString("en")} tokens`,
    tools === true ? "calls tools" : tools === false ? "is told of tools in words" : "",
    model.images ? "sees" : "",
    model.reasoning === true ? "thinks" : "",
    price === null
      ? ""
      : price.input + price.output === 0
        ? "free"
        : `$${price.input} in, $${price.output} out a million`,
  ]
    .filter((part) => part !== "")
    .join(", ");
}
