/** A small repository with a failing test, and the replies of a model that fixes it. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ScriptReply } from "../kit/model-process.ts";

const files: Readonly<Record<string, string>> = {
  "package.json": `{ "name": "shop", "type": "module", "scripts": { "test": "node --test" } }\n`,
  "README.md": "# Shop\n\nA shopping cart with a discount for ten or more items.\n",
  "src/cart.js": `/** The price of all lines, in cents. */
export function total(lines) {
  let sum = 0;
  for (const { cents, count } of lines) sum += cents * count;
  return sum;
}

/** Ten percent off for ten or more items. */
export function discounted(lines) {
  const items = lines.length;
  return items >= 10 ? Math.round(total(lines) * 0.9) : total(lines);
}
`,
  "src/cart.test.js": `import assert from "node:assert/strict";
import { test } from "node:test";
import { discounted, total } from "./cart.js";

test("the total is the sum of all items", () => {
  assert.equal(total([{ cents: 250, count: 4 }]), 1000);
});

test("ten items of one product get the discount", () => {
  assert.equal(discounted([{ cents: 100, count: 10 }]), 900);
});
`,
};

export async function writeShop(folder: string): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(folder, path, ".."), { recursive: true });
    await writeFile(join(folder, path), content);
  }
}

type Call = NonNullable<ScriptReply["calls"]>[number];
const call = (name: string, args: object): Call => ({ name, arguments: args });

let requests = 0;
/** A reply with the token counts of a provider that caches. */
function reply(parts: object): ScriptReply {
  requests += 1;
  const input = 2600 + requests * 900;
  return {
    ...parts,
    usage: { input, cached_input: requests === 1 ? 0 : input - 900, output: 140 + requests * 25 },
  } as ScriptReply;
}

export const fixTask = "Ten items of the same product get no discount. Find out why and fix it.";

export const fix: readonly ScriptReply[] = [
  reply({
    reasoning: "The discount depends on the number of items. I'll check how they are counted before changing anything.",
    text: "I'll read the code and run the tests first.",
    calls: [
      call("plan", {
        tasks: [
          { title: "Reproduce the failure", status: "in_progress" },
          { title: "Count items instead of lines", status: "todo" },
          { title: "Run all tests", status: "todo" },
        ],
      }),
      call("read", { path: "src/cart.js" }),
      call("run", { command: "npm test 2>&1 | tail -n 22" }),
    ],
  }),
  reply({
    text: "`discounted` uses the number of **lines** as the number of items, so a cart with one line of ten items counts as one.\n\n```js\nconst items = lines.length; // lines, not items\n```\n\nI'll add up the counts instead.",
    calls: [
      call("edit", {
        path: "src/cart.js",
        old_str: "  const items = lines.length;",
        new_str: "  const items = lines.reduce((sum, { count }) => sum + count, 0);",
      }),
      call("run", { command: "npm test 2>&1 | tail -n 12" }),
    ],
  }),
  reply({
    text: "Both tests pass. Empty carts and carts with several products are not covered yet, so I'll add tests for them.",
    calls: [
      call("edit", {
        path: "src/cart.test.js",
        old_str: `test("ten items of one product get the discount", () => {`,
        new_str: `test("an empty cart costs nothing", () => {
  assert.equal(discounted([]), 0);
});

test("items of different products are counted together", () => {
  assert.equal(discounted([{ cents: 100, count: 6 }, { cents: 50, count: 4 }]), 720);
});

test("ten items of one product get the discount", () => {`,
      }),
      call("run", { command: "npm test" }),
      call("plan", {
        tasks: [
          { title: "Reproduce the failure", status: "done" },
          { title: "Count items instead of lines", status: "done" },
          { title: "Run all tests", status: "done" },
        ],
      }),
    ],
  }),
  reply({
    calls: [
      call("finish", {
        thought:
          "The discount counted lines of the cart instead of items. `discounted` now adds up the counts, and two new tests cover it.",
        checks: [{ claim: "All tests pass", command: "npm test" }],
      }),
    ],
  }),
];

export const publishTask = "Publish the package as version 1.1.0";
export const publish: readonly ScriptReply[] = [
  reply({
    text: "The tests pass. Publishing cannot be undone, so please approve it.",
    calls: [call("run", { command: "npm version 1.1.0 --no-git-tag-version && npm publish --access public" })],
  }),
];

export const longTask = "Add TypeScript types to the shop";
export const long: readonly ScriptReply[] = [
  reply({ text: "I'll start with the cart.", calls: [call("run", { command: "sleep 600" })] }),
];

export const askTask = "Translate the README";
export const ask: readonly ScriptReply[] = [reply({ text: "Which language should I translate it into?" })];
