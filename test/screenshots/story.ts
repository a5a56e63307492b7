/** A small repository with a failing test, and the replies of a model that fixes it. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ScriptReply } from "../kit/model-process.ts";

const files: Readonly<Record<string, string>> = {
  "package.json": `{ "name": "shop", "type": "module", "scripts": { "test": "node --test" } }\n`,
  "README.md": "# Shop\n\nA cart and its total, with a discount from ten pieces on.\n",
  "src/cart.js": `/** Price of all lines, in cents. */
export function total(lines) {
  let sum = 0;
  for (const { cents, count } of lines) sum += cents * count;
  return sum;
}

/** Ten percent off for ten pieces or more. */
export function discounted(lines) {
  const pieces = lines.length;
  return pieces >= 10 ? Math.round(total(lines) * 0.9) : total(lines);
}
`,
  "src/cart.test.js": `import assert from "node:assert/strict";
import { test } from "node:test";
import { discounted, total } from "./cart.js";

test("a total is the sum of all pieces", () => {
  assert.equal(total([{ cents: 250, count: 4 }]), 1000);
});

test("ten pieces of one kind have their discount", () => {
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

let asked = 0;
/** Token counts of a provider with a cache. */
function says(reply: object): ScriptReply {
  asked += 1;
  const input = 2600 + asked * 900;
  return {
    ...reply,
    usage: { input, cached_input: asked === 1 ? 0 : input - 900, output: 140 + asked * 25 },
  } as ScriptReply;
}

export const fixTask = "Ten pieces of one kind get no discount. Find out why and fix it.";

export const mend: readonly ScriptReply[] = [
  says({
    reasoning: "The discount depends on a number of pieces. I look at how that is counted before I change anything.",
    text: "I look at the code and run the tests first.",
    calls: [
      call("plan", {
        tasks: [
          { title: "See the test fail", status: "in_progress" },
          { title: "Count pieces, not lines", status: "todo" },
          { title: "Run all tests again", status: "todo" },
        ],
      }),
      call("read", { path: "src/cart.js" }),
      call("run", { command: "npm test 2>&1 | tail -n 22" }),
    ],
  }),
  says({
    text: "`discounted` takes the number of **lines** for the number of pieces. A cart with one line of ten pieces counts as one.\n\n```js\nconst pieces = lines.length; // lines, not pieces\n```\n\nI add up the counts.",
    calls: [
      call("edit", {
        path: "src/cart.js",
        old_str: "  const pieces = lines.length;",
        new_str: "  const pieces = lines.reduce((sum, { count }) => sum + count, 0);",
      }),
      call("run", { command: "npm test 2>&1 | tail -n 12" }),
    ],
  }),
  says({
    text: "Both pass. An empty cart and carts of many kinds have no test yet; I add them.",
    calls: [
      call("edit", {
        path: "src/cart.test.js",
        old_str: `test("ten pieces of one kind have their discount", () => {`,
        new_str: `test("an empty cart costs nothing", () => {
  assert.equal(discounted([]), 0);
});

test("pieces of many kinds are counted together", () => {
  assert.equal(discounted([{ cents: 100, count: 6 }, { cents: 50, count: 4 }]), 720);
});

test("ten pieces of one kind have their discount", () => {`,
      }),
      call("run", { command: "npm test" }),
      call("plan", {
        tasks: [
          { title: "See the test fail", status: "done" },
          { title: "Count pieces, not lines", status: "done" },
          { title: "Run all tests again", status: "done" },
        ],
      }),
    ],
  }),
  says({
    calls: [
      call("finish", {
        thought:
          "The discount counted lines of the cart instead of pieces. `discounted` now adds up the counts, and two new tests hold that.",
        checks: [{ claim: "All tests pass", command: "npm test" }],
      }),
    ],
  }),
];

export const publishTask = "Publish the package as version 1.1.0";
export const publish: readonly ScriptReply[] = [
  says({
    text: "The tests pass and the version is set. Publishing cannot be taken back, so you decide.",
    calls: [call("run", { command: "npm version 1.1.0 --no-git-tag-version && npm publish --access public" })],
  }),
];

export const longTask = "Add types to the whole shop";
export const long: readonly ScriptReply[] = [
  says({ text: "I begin with the cart.", calls: [call("run", { command: "sleep 600" })] }),
];

export const askTask = "Translate the README";
export const ask: readonly ScriptReply[] = [says({ text: "Into which language shall I translate it?" })];
