/**
 * `node test/vocabulary/sample.ts [SEED]`: draws twenty comments, twenty error messages and twenty UI strings, so that a
 * reader can judge the English without choosing the examples.
 */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseSync, Visitor } from "oxc-parser";
import { en } from "../../web/src/i18n/en.ts";

const root = join(import.meta.dirname, "../..");
const size = 20;
const random = generator(Number(process.argv[2] ?? 11));

const sources = globSync("{protocol,client,server,cli,web,scripts}/**/*.{ts,tsx}", {
  cwd: root,
  exclude: (path) => /(^|\/)(node_modules|dist)(\/|$)|\.test\.ts$/.test(path),
})
  .sort()
  .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));

print("Comments", sources.flatMap(commentsOf));
print("Error messages", sources.flatMap(errorMessagesOf));
print("UI strings", messagesIn(en));

function print(title: string, all: readonly string[]): void {
  console.log(`\n${title} (${size} of ${all.length})\n`);
  for (const text of draw(all)) console.log(`- ${text}`);
}

function draw(all: readonly string[]): readonly string[] {
  const left = [...all];
  return Array.from({ length: Math.min(size, left.length) }, () => left.splice(random(left.length), 1)[0] ?? "");
}

function commentsOf({ path, text }: { readonly path: string; readonly text: string }): readonly string[] {
  return parseSync(path, text)
    .comments.map(({ value }) =>
      value
        .replace(/^\*|\n\s*\*/g, " ")
        .replace(/\s+/g, " ")
        .trim(),
    )
    .filter((comment) => comment.length > 20 && !/^oxlint|^@/.test(comment));
}

/** The messages that are passed to `DeckhandError`, with `${…}` for what is put in. */
function errorMessagesOf({ path, text }: { readonly path: string; readonly text: string }): readonly string[] {
  const found: string[] = [];
  new Visitor({
    NewExpression: ({ callee, arguments: args }) => {
      if (callee.type !== "Identifier" || callee.name !== "DeckhandError") return;
      const message = args[1];
      if (message?.type === "Literal" && typeof message.value === "string") found.push(message.value);
      if (message?.type === "TemplateLiteral") found.push(message.quasis.map(({ value }) => value.raw).join("${…}"));
    },
  }).visit(parseSync(path, text).program);
  return found;
}

function messagesIn(catalogue: object): readonly string[] {
  return Object.values(catalogue).flatMap((value: unknown) => {
    if (typeof value === "string") return [value];
    return typeof value === "object" && value !== null ? messagesIn(value) : [];
  });
}

/** Park and Miller's minimal standard generator (CACM 31, 1988): whole numbers from 0 to below `limit`. */
function generator(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % limit;
  };
}
